import { etcd } from '@quorate/schema';
import type { EtcdService } from '../core/index.ts';
import type { ClientBytes } from './client-bytes.ts';
import { etcdAliases } from './etcd-aliases.ts';
import { grpcTypeOf } from './grpc-type.ts';

export interface EtcdMetricsOptions {
  readonly service: EtcdService;
  readonly clientBytes: ClientBytes;
  /** What the node tells, in the Prometheus text format. */
  readonly nodeText: string;
  readonly version: string;
}

type Type = 'counter' | 'gauge';

function metric(name: string, type: Type, help: string, ...samples: [string, number][]): string {
  const lines = samples.map(([labels, value]) => `${name}${labels} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

/** The store, its quota and its alarms. */
function storeText({ context, watchCensus }: EtcdService): string {
  const { keys, leases, revision, compactedRevision, bytes, bytesInUse } = context.store.stats;
  const { machine, quotaBytes } = context.options;
  const alarms = ['NOSPACE', 'CORRUPT'] as const;
  const raised = alarms.map((name): [string, number] => {
    const count = machine.alarms.all.filter(({ type }) => type === etcd.AlarmType[name]).length;
    return [`{type="${name}"}`, count];
  });
  const total = 'etcd_mvcc_db_total_size_in';
  const debugging = 'etcd_debugging_mvcc';
  // Without one there is none to tell: alerts divide by it.
  const quota = 'etcd_server_quota_backend_bytes';
  return [
    metric(`${total}_bytes`, 'gauge', 'What the store takes in memory, about.', ['', bytes]),
    metric(`${total}_use_in_bytes`, 'gauge', 'What a compaction would leave.', ['', bytesInUse]),
    quotaBytes === 0 ? '' : metric(quota, 'gauge', 'What the store may take.', ['', quotaBytes]),
    metric('quorate_alarms', 'gauge', 'Alarms that are on, of any member.', ...raised),
    metric(`${debugging}_keys_total`, 'gauge', 'Live keys.', ['', keys]),
    metric(`${debugging}_current_revision`, 'gauge', 'Of the store.', ['', revision]),
    metric(`${debugging}_compact_revision`, 'gauge', 'Of the last compaction; -1: none.', [
      '',
      compactedRevision,
    ]),
    metric('quorate_leases', 'gauge', 'Leases that are granted.', ['', leases]),
    metric(`${debugging}_watcher_total`, 'gauge', 'Watchers here.', ['', watchCensus.watchers]),
    metric(`${debugging}_slow_watcher_total`, 'gauge', 'Watchers that are behind.', [
      '',
      watchCensus.slowWatchers,
    ]),
  ].join('');
}

function startedText({ started }: EtcdService): string {
  const samples: [string, number][] = [];
  for (const [path, { count }] of started) {
    if (count === 0) continue;
    const [service, method] = path.slice(1).split('/');
    const labels = `grpc_service="${service}",grpc_method="${method}"`;
    samples.push([`{grpc_type="${grpcTypeOf(path)}",${labels}}`, count]);
  }
  return metric('grpc_server_started_total', 'counter', 'Calls that began.', ...samples);
}

/** Metrics by etcd's names, besides those that `serviceMetricsText` tells. */
export function etcdMetricsText(options: EtcdMetricsOptions): string {
  const { service, clientBytes, nodeText, version } = options;
  const { leadership, options: served } = service.context;
  const id = served.identity.memberId.toString(16);
  const bytes = 'etcd_network_client_grpc';
  const isLearner = leadership.role === 'learner' ? 1 : 0;
  return [
    metric('etcd_server_id', 'gauge', "This member's id.", [`{server_id="${id}"}`, 1]),
    metric('etcd_server_version', 'gauge', 'The release of the API that is followed.', [
      `{server_version="${version}"}`,
      1,
    ]),
    metric('etcd_server_is_learner', 'gauge', 'Whether it does not vote yet.', ['', isLearner]),
    storeText(service),
    metric(`${bytes}_sent_bytes_total`, 'counter', 'Sent to clients of gRPC.', [
      '',
      clientBytes.sent,
    ]),
    metric(`${bytes}_received_bytes_total`, 'counter', 'Received from clients of gRPC.', [
      '',
      clientBytes.received,
    ]),
    startedText(service),
    etcdAliases(nodeText),
  ].join('');
}
