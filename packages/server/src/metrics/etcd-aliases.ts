import { apiIdOf } from '../core/index.ts';
import { metric } from './metric-text.ts';

/** A metric of ours that means what one of etcd's does, and is told under both names. */
interface Alias {
  readonly from: string;
  readonly to: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** etcd's label for our `peer`, which it writes in hex; absent: no label but `le`. */
  readonly peerLabel?: 'To' | 'From';
}

const aliases: readonly Alias[] = [
  {
    from: 'quorate_wal_fsync_duration_seconds',
    to: 'etcd_disk_wal_fsync_duration_seconds',
    type: 'histogram',
    help: 'As quorate_wal_fsync_duration_seconds.',
  },
  {
    from: 'raft_apply_duration_seconds',
    to: 'etcd_disk_backend_commit_duration_seconds',
    type: 'histogram',
    help: 'As raft_apply_duration_seconds: no database on the disk commits.',
  },
  {
    from: 'process_open_fds',
    to: 'os_fd_used',
    type: 'gauge',
    help: 'As process_open_fds.',
  },
  {
    from: 'process_max_fds',
    to: 'os_fd_limit',
    type: 'gauge',
    help: 'As process_max_fds.',
  },
  {
    from: 'raft_leader_changes_total',
    to: 'etcd_server_leader_changes_seen_total',
    type: 'counter',
    help: 'As raft_leader_changes_total.',
  },
  {
    from: 'raft_commit_index',
    to: 'etcd_server_proposals_committed_total',
    type: 'gauge',
    help: 'As raft_commit_index.',
  },
  {
    from: 'raft_applied_index',
    to: 'etcd_server_proposals_applied_total',
    type: 'gauge',
    help: 'As raft_applied_index.',
  },
  {
    from: 'raft_proposals_pending',
    to: 'etcd_server_proposals_pending',
    type: 'gauge',
    help: 'As raft_proposals_pending.',
  },
  {
    from: 'raft_proposals_failed_total',
    to: 'etcd_server_proposals_failed_total',
    type: 'counter',
    help: 'As raft_proposals_failed_total.',
  },
  {
    from: 'quorate_transport_sent_bytes_total',
    to: 'etcd_network_peer_sent_bytes_total',
    type: 'counter',
    help: 'As quorate_transport_sent_bytes_total.',
    peerLabel: 'To',
  },
  {
    from: 'quorate_transport_received_bytes_total',
    to: 'etcd_network_peer_received_bytes_total',
    type: 'counter',
    help: 'As quorate_transport_received_bytes_total.',
    peerLabel: 'From',
  },
];

const suffixes = ['_bucket', '_sum', '_count'];

/** etcd counts what takes longer than this to be applied. */
const slowApplySeconds = '0.1';
const applySeconds = 'raft_apply_duration_seconds';

interface Sample {
  readonly labels: string;
  readonly value: string;
}

/** Only what is asked for, by name: there are many more lines than that. */
function samplesOf(text: string, wanted: ReadonlySet<string>): ReadonlyMap<string, Sample[]> {
  const found = new Map<string, Sample[]>();
  for (const line of text.split('\n')) {
    const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (.+)$/.exec(line) ?? [];
    if (!wanted.has(name)) continue;
    const known = found.get(name);
    if (known === undefined) found.set(name, [{ labels, value }]);
    else known.push({ labels, value });
  }
  return found;
}

function labelOf(labels: string, name: string): string | null {
  return new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? null;
}

function aliasLabels(labels: string, { peerLabel }: Alias): string {
  const peer = peerLabel === undefined ? null : labelOf(labels, 'peer');
  if (peer !== null) return `{${peerLabel}="${apiIdOf(Number(peer)).toString(16)}"}`;
  const bound = labelOf(labels, 'le');
  return bound === null ? '' : `{le="${bound}"}`;
}

function slowApplies(samples: ReadonlyMap<string, Sample[]>): string {
  const total = Number(samples.get(`${applySeconds}_count`)?.[0]?.value ?? 0);
  const quick = samples
    .get(`${applySeconds}_bucket`)
    ?.find(({ labels }) => labelOf(labels, 'le') === slowApplySeconds);
  const help = 'Batches that took longer than 0.1 s to be applied.';
  const slow = total - Number(quick?.value ?? 0);
  return metric('etcd_server_slow_apply_total', 'counter', help, slow);
}

const droppedMessages = 'quorate_transport_dropped_messages_total';

function unsentMessages(samples: ReadonlyMap<string, Sample[]>): string {
  let sum = 0;
  for (const { value } of samples.get(droppedMessages) ?? []) sum += Number(value);
  const name = 'etcd_server_heartbeat_send_failures_total';
  return metric(name, 'counter', 'Messages to peers that were not sent, of any kind.', sum);
}

const wantedNames: ReadonlySet<string> = new Set(
  [...aliases.map(({ from }) => from), applySeconds, droppedMessages].flatMap((name) => [
    name,
    ...suffixes.map((suffix) => name + suffix),
  ]),
);

/**
 * What etcd's dashboards and alerts look for, of what the node tells already under names of ours.
 *
 * @param text in the Prometheus text format, of a node with one group
 */
export function etcdAliases(text: string): string {
  const samples = samplesOf(text, wantedNames);
  const lines: string[] = [];
  for (const alias of aliases) {
    const { from, to, type, help } = alias;
    lines.push(`# HELP ${to} ${help}\n# TYPE ${to} ${type}\n`);
    for (const suffix of type === 'histogram' ? suffixes : ['']) {
      for (const { labels, value } of samples.get(from + suffix) ?? []) {
        lines.push(`${to}${suffix}${aliasLabels(labels, alias)} ${value}\n`);
      }
    }
  }
  lines.push(slowApplies(samples), unsentMessages(samples));
  return lines.join('');
}
