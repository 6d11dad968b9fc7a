import { clusterVersionOf } from '../core/api-release.ts';
import { type EtcdService, StatusCode } from '../core/index.ts';
import type { ClientBytes } from './client-bytes.ts';
import { etcdAliases } from './etcd-aliases.ts';
import { grpcTypeOf } from './grpc-type.ts';
import type { MessageCounts } from './message-counts.ts';
import { metric } from './metric-text.ts';
import type { ReadCounts } from './read-counts.ts';
import { storeMetricsText } from './store-metrics.ts';

/** What is counted while the service runs, and told when somebody asks. */
export interface ServedCounts {
  readonly clientBytes: ClientBytes;
  readonly messages: MessageCounts;
  readonly reads: ReadCounts;
}

export interface EtcdMetricsOptions {
  readonly service: EtcdService;
  readonly counts: ServedCounts;
  /** What the node tells, in the Prometheus text format. */
  readonly nodeText: string;
  readonly version: string;
}

function identityText({ context }: EtcdService, version: string): string {
  const id = context.options.identity.memberId.toString(16);
  // Without what is behind the second dot, as etcd has it.
  const cluster = clusterVersionOf(version).replace(/\.0$/, '');
  const isLearner = context.leadership.role === 'learner' ? 1 : 0;
  return [
    metric('etcd_server_id', 'gauge', "This member's id.", [`{server_id="${id}"}`, 1]),
    metric('etcd_server_version', 'gauge', 'The release of the API that is followed.', [
      `{server_version="${version}"}`,
      1,
    ]),
    metric('etcd_cluster_version', 'gauge', 'The same, of the cluster.', [
      `{cluster_version="${cluster}"}`,
      1,
    ]),
    metric('etcd_server_is_learner', 'gauge', 'Whether it does not vote yet.', isLearner),
  ].join('');
}

function methodLabels(path: string): string {
  const [service, method] = path.slice(1).split('/');
  const labels = `grpc_service="${service}",grpc_method="${method}"`;
  return `{grpc_type="${grpcTypeOf(path)}",${labels}}`;
}

type ByPath = [path: string, count: number][];

function byMethod(name: string, help: string, counts: ByPath): string {
  const samples = counts
    .filter(([, count]) => count > 0)
    .map(([path, count]): [string, number] => [methodLabels(path), count]);
  return metric(name, 'counter', help, ...samples);
}

/** One message each way for a call with one request and one answer, if there is an answer. */
function callsText({ started, handled }: EtcdService, { byPath }: MessageCounts): string {
  const began = [...started].map(([path, { count }]): [string, number] => [path, count]);
  const received = began.map(([path, count]): [string, number] => {
    return [path, byPath.get(path)?.received ?? count];
  });
  const sent = [...handled].map(([path, codes]): [string, number] => {
    return [path, byPath.get(path)?.sent ?? codes[StatusCode.ok] ?? 0];
  });
  const server = 'grpc_server';
  return [
    byMethod(`${server}_started_total`, 'Calls that began.', began),
    byMethod(`${server}_msg_received_total`, 'Messages of clients.', received),
    byMethod(`${server}_msg_sent_total`, 'Messages to clients.', sent),
  ].join('');
}

function trafficText({ clientBytes, reads }: ServedCounts): string {
  const { sent, received } = clientBytes;
  const bytes = 'etcd_network_client_grpc';
  const slow = 'Linearizable reads that took more than 0.5 s to find out what is up to date.';
  const failed = 'Linearizable reads that did not find it out.';
  return [
    metric(`${bytes}_sent_bytes_total`, 'counter', 'Sent to clients of gRPC.', sent),
    metric(`${bytes}_received_bytes_total`, 'counter', 'Received from clients of gRPC.', received),
    metric('etcd_server_slow_read_indexes_total', 'counter', slow, reads.slow),
    metric('etcd_server_read_indexes_failed_total', 'counter', failed, reads.failed),
  ].join('');
}

/** Metrics by etcd's names, besides those that `serviceMetricsText` tells. */
export function etcdMetricsText(options: EtcdMetricsOptions): string {
  const { service, counts, nodeText, version } = options;
  return [
    identityText(service, version),
    storeMetricsText(service),
    trafficText(counts),
    callsText(service, counts.messages),
    etcdAliases(nodeText),
  ].join('');
}
