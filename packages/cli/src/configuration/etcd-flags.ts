/** What becomes of a flag that `etcd` has and `quorate serve` has not. */
export type EtcdFlag =
  /** Taken, with a warning: what it asks for is so anyway, or cannot matter here. */
  | { readonly kind: 'ignored'; readonly because: string }
  /** An error: what was asked for would not happen. */
  | { readonly kind: 'refused'; readonly instead: string };

const ignored = (because: string): EtcdFlag => ({ kind: 'ignored', because });
const refused = (instead: string): EtcdFlag => ({ kind: 'refused', instead });

const noBackend = ignored('there is no backend file: what is written is one log');
const checked = ignored('replicas are compared by quorate all the time');
const always = ignored('it is always so');
const noV2 = refused('the API of etcd v2 is not served; remove it');
const noDiscovery = refused('name every member in --initial-cluster');
const noProxy = refused('there are no proxies; give clients the members as endpoints');
const withPeriod = refused('use --watch-progress-notify-interval');

/** Docs/reference/cli.md says the same, which a test compares. */
export const etcdFlags: Readonly<Record<string, EtcdFlag>> = {
  'wal-dir': refused('the log is in --data-dir; put that on the faster disk'),
  'snapshot-count': refused('use --snapshot-log-bytes: snapshots are taken by the size of the log'),
  'experimental-snapshot-catchup-entries': refused('use --snapshot-tail-entries'),
  'snapshot-catchup-entries': refused('use --snapshot-tail-entries'),
  'experimental-watch-progress-notify-interval': withPeriod,
  discovery: noDiscovery,
  'discovery-endpoints': noDiscovery,
  'discovery-token': noDiscovery,
  'discovery-srv': noDiscovery,
  'discovery-srv-name': noDiscovery,
  'discovery-fallback': noDiscovery,
  'discovery-proxy': noDiscovery,
  proxy: noProxy,
  'enable-v2': noV2,
  'experimental-enable-v2v3': noV2,
  'v2-deprecation': ignored('there is no API of etcd v2'),
  'force-new-cluster': refused('restore a backup with quorate snapshot restore'),
  'unsafe-no-fsync': refused('there is no write without fsync; remove it'),
  'config-file': refused('use --config'),
  'enable-pprof': refused('run node with --cpu-prof, or --inspect on an address that is yours'),
  metrics: ignored('all metrics are always there'),
  'max-snapshots': ignored('one snapshot is kept, and what came after it'),
  'max-wals': ignored('the log is removed once a snapshot has it'),
  'backend-batch-limit': noBackend,
  'backend-batch-interval': noBackend,
  'backend-bbolt-freelist-type': noBackend,
  'experimental-backend-bbolt-freelist-type': noBackend,
  'strict-reconfig-check': always,
  'pre-vote': always,
  'initial-election-tick-advance': always,
  'enable-grpc-gateway': always,
  'experimental-enable-lease-checkpoint': always,
  'experimental-enable-lease-checkpoint-persist': always,
  'experimental-initial-corrupt-check': checked,
  'experimental-corrupt-check-time': checked,
  'experimental-compact-hash-check-enabled': checked,
  'experimental-compaction-batch-limit': ignored('compaction stops nobody'),
  'grpc-keepalive-min-time': ignored('it is 5 s, as usual'),
  'grpc-keepalive-interval': ignored('it is 2 h, as usual'),
  'grpc-keepalive-timeout': ignored('it is 20 s, as usual'),
  logger: ignored('logs are written in one way; see --log-format'),
  'log-outputs': ignored('logs go to standard error'),
  'log-package-levels': ignored('see --log-level'),
  debug: ignored('see --log-level'),
};
