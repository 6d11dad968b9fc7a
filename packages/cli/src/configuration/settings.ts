// Long because: it is one table, with a few lines for each setting.
import { backupSettingTexts } from './backup-setting-texts.ts';

/**
 * The settings of one node: a single table that the flags, the environment, the file, the help and
 * the reference page are all made from.
 */
export const settingKeys = [
  'name',
  'data-dir',
  'listen-client-urls',
  'advertise-client-urls',
  'listen-peer-urls',
  'initial-advertise-peer-urls',
  'initial-cluster',
  'initial-cluster-state',
  'initial-cluster-token',
  'auto-promote-learners',
  'heartbeat-interval',
  'election-timeout',
  'snapshot-log-bytes',
  'snapshot-tail-entries',
  'auto-compaction-mode',
  'auto-compaction-retention',
  'quota-backend-bytes',
  'max-request-bytes',
  'max-txn-ops',
  'max-concurrent-streams',
  'max-connections',
  'watch-progress-notify-interval',
  'auth-token',
  'auth-token-ttl',
  'bcrypt-cost',
  'tracing-endpoint',
  'tracing-sampling-ratio',
  'tracing-service-name',
  'backup-schedule',
  'backup-target',
  'backup-retain',
  'backup-s3-endpoint',
  'listen-metrics-urls',
  'cert-file',
  'key-file',
  'trusted-ca-file',
  'client-cert-auth',
  'client-cert-allowed-hostname',
  'peer-cert-file',
  'peer-key-file',
  'peer-trusted-ca-file',
  'peer-client-cert-auth',
  'peer-cert-allowed-cn',
  'peer-cert-allowed-hostname',
  'tls-min-version',
  'cipher-suites',
  'log-level',
  'log-format',
] as const;

export type SettingKey = (typeof settingKeys)[number];

export type SettingGroup =
  | 'Node'
  | 'Clients'
  | 'Peers'
  | 'Cluster'
  | 'Timing'
  | 'Storage'
  | 'API'
  | 'Users'
  | 'Tracing'
  | 'Backups'
  | 'TLS for clients'
  | 'TLS for peers'
  | 'TLS for both'
  | 'Logs';

export interface Setting {
  readonly group: SettingGroup;
  /** What stands for the value in the help. */
  readonly placeholder: string;
  readonly description: string;
  /** The default in words; some follow from other settings. */
  readonly defaultText: string;
  /** The flag alone means true. */
  readonly isSwitch?: boolean;
}

export const settings: Readonly<Record<SettingKey, Setting>> = {
  name: {
    group: 'Node',
    placeholder: 'NAME',
    description: "this node's name, as --initial-cluster writes it",
    defaultText: 'default',
  },
  'data-dir': {
    group: 'Node',
    placeholder: 'DIR',
    description: 'where the log and the snapshots are kept',
    defaultText: 'NAME.quorate',
  },
  'listen-client-urls': {
    group: 'Clients',
    placeholder: 'URLS',
    description: 'where to listen for clients, comma-separated',
    defaultText: 'http://127.0.0.1:2379',
  },
  'advertise-client-urls': {
    group: 'Clients',
    placeholder: 'URLS',
    description: 'where clients are told to connect',
    defaultText: 'the value of --listen-client-urls',
  },
  'listen-peer-urls': {
    group: 'Peers',
    placeholder: 'URL',
    description: 'where to listen for the other nodes',
    defaultText: 'http://127.0.0.1:2380',
  },
  'initial-advertise-peer-urls': {
    group: 'Peers',
    placeholder: 'URL',
    description: 'where the other nodes reach this one, as --initial-cluster writes it',
    defaultText: 'the value of --listen-peer-urls',
  },
  'initial-cluster': {
    group: 'Cluster',
    placeholder: 'MEMBERS',
    description: 'every member: n1=http://host1:2380,n2=http://host2:2380',
    defaultText: 'NAME=the value of --initial-advertise-peer-urls',
  },
  'initial-cluster-state': {
    group: 'Cluster',
    placeholder: 'STATE',
    description: 'new; or existing: this node was added to a cluster, or has its data',
    defaultText: 'new',
  },
  'initial-cluster-token': {
    group: 'Cluster',
    placeholder: 'TOKEN',
    description: 'keeps clusters with the same members apart',
    defaultText: 'quorate-cluster',
  },
  'auto-promote-learners': {
    group: 'Cluster',
    placeholder: 'BOOL',
    description: 'whether learners get a vote as soon as they have caught up',
    defaultText: 'false',
  },
  'heartbeat-interval': {
    group: 'Timing',
    placeholder: 'MS',
    description: "milliseconds between a leader's heartbeats",
    defaultText: '100',
  },
  'election-timeout': {
    group: 'Timing',
    placeholder: 'MS',
    description: 'shortest silence of a leader before an election, at least 5 heartbeats',
    defaultText: '1000',
  },
  'snapshot-log-bytes': {
    group: 'Storage',
    placeholder: 'BYTES',
    description: 'take a snapshot, and forget the log before it, after so much log',
    defaultText: '67108864',
  },
  'snapshot-tail-entries': {
    group: 'Storage',
    placeholder: 'N',
    description: 'entries kept behind a snapshot, for nodes that are a little behind',
    defaultText: '5000',
  },
  'auto-compaction-mode': {
    group: 'API',
    placeholder: 'MODE',
    description: 'what the retention counts: periodic (time) or revision',
    defaultText: 'periodic',
  },
  'auto-compaction-retention': {
    group: 'API',
    placeholder: 'AMOUNT',
    description: 'history to keep: 30m, 10 (hours), or revisions; 0: all',
    defaultText: '0',
  },
  'quota-backend-bytes': {
    group: 'API',
    placeholder: 'BYTES',
    description: 'how large the store may grow before writes are refused; 0: without bound',
    defaultText: '2147483648',
  },
  'max-request-bytes': {
    group: 'API',
    placeholder: 'BYTES',
    description: 'the largest write',
    defaultText: '1572864',
  },
  'max-txn-ops': {
    group: 'API',
    placeholder: 'N',
    description: 'operations in one list of a transaction',
    defaultText: '128',
  },
  'max-concurrent-streams': {
    group: 'API',
    placeholder: 'N',
    description: 'calls at a time of one connection',
    defaultText: '10000',
  },
  'max-connections': {
    group: 'API',
    placeholder: 'N',
    description: 'connections of clients at a time, on all addresses',
    defaultText: '3/4 of the open files allowed, 16384 at most',
  },
  'watch-progress-notify-interval': {
    group: 'API',
    placeholder: 'T',
    description: 'how often quiet watchers that ask for it hear how far they are',
    defaultText: '10m',
  },
  'auth-token': {
    group: 'Users',
    placeholder: 'KIND',
    description: 'simple, or jwt,sign-method=RS256,pub-key=FILE,priv-key=FILE,ttl=5m',
    defaultText: 'simple',
  },
  'auth-token-ttl': {
    group: 'Users',
    placeholder: 'SECONDS',
    description: 'of a simple token that is not used',
    defaultText: '300',
  },
  'bcrypt-cost': {
    group: 'Users',
    placeholder: 'COST',
    description: "bcrypt's, of new passwords, 4 to 16",
    defaultText: '10',
  },
  'tracing-endpoint': {
    group: 'Tracing',
    placeholder: 'URL',
    description: 'send OpenTelemetry spans here: http://collector:4318/v1/traces',
    defaultText: 'no tracing',
  },
  'tracing-sampling-ratio': {
    group: 'Tracing',
    placeholder: 'RATIO',
    description: 'of calls that are traced whose clients are not, from 0 to 1',
    defaultText: '0.01',
  },
  'tracing-service-name': {
    group: 'Tracing',
    placeholder: 'NAME',
    description: 'what the spans call this service',
    defaultText: 'quorate',
  },
  ...backupSettingTexts,
  'listen-metrics-urls': {
    group: 'Clients',
    placeholder: 'URLS',
    description: 'where /metrics and /health are served in the open, by themselves',
    defaultText: 'nowhere',
  },
  'cert-file': {
    group: 'TLS for clients',
    placeholder: 'FILE',
    description: 'the certificate that clients are shown; with https:// URLs',
    defaultText: 'none',
  },
  'key-file': {
    group: 'TLS for clients',
    placeholder: 'FILE',
    description: "the certificate's key",
    defaultText: 'none',
  },
  'trusted-ca-file': {
    group: 'TLS for clients',
    placeholder: 'FILE',
    description: 'the authorities whose clients are let in; others need a certificate then',
    defaultText: 'none',
  },
  'client-cert-auth': {
    group: 'TLS for clients',
    placeholder: 'BOOL',
    description: "the common name of a client's certificate is its user",
    defaultText: 'false',
    isSwitch: true,
  },
  'client-cert-allowed-hostname': {
    group: 'TLS for clients',
    placeholder: 'HOSTS',
    description: "a client's certificate has to be for one of them",
    defaultText: 'any',
  },
  'peer-cert-file': {
    group: 'TLS for peers',
    placeholder: 'FILE',
    description: 'the certificate that the other nodes are shown; with https:// URLs',
    defaultText: 'none',
  },
  'peer-key-file': {
    group: 'TLS for peers',
    placeholder: 'FILE',
    description: "the certificate's key",
    defaultText: 'none',
  },
  'peer-trusted-ca-file': {
    group: 'TLS for peers',
    placeholder: 'FILE',
    description: 'the authorities whose nodes are let in; each end shows a certificate',
    defaultText: 'none',
  },
  'peer-client-cert-auth': {
    group: 'TLS for peers',
    placeholder: 'BOOL',
    description: 'as --peer-trusted-ca-file has it already',
    defaultText: 'true with that file',
    isSwitch: true,
  },
  'peer-cert-allowed-cn': {
    group: 'TLS for peers',
    placeholder: 'NAMES',
    description: "the common name of a node's certificate has to be one of them",
    defaultText: 'any',
  },
  'peer-cert-allowed-hostname': {
    group: 'TLS for peers',
    placeholder: 'HOSTS',
    description: "a node's certificate has to be for one of them",
    defaultText: 'any',
  },
  'tls-min-version': {
    group: 'TLS for both',
    placeholder: 'VERSION',
    description: 'TLS1.2 or TLS1.3',
    defaultText: 'TLS1.2 for clients, TLS1.3 for peers',
  },
  'cipher-suites': {
    group: 'TLS for both',
    placeholder: 'SUITES',
    description: "of TLS 1.2, by IANA's names",
    defaultText: 'all with forward secrecy',
  },
  'log-level': {
    group: 'Logs',
    placeholder: 'LEVEL',
    description: 'debug, info, warn, error or silent',
    defaultText: 'info',
  },
  'log-format': {
    group: 'Logs',
    placeholder: 'FORMAT',
    description: 'json or logfmt',
    defaultText: 'json',
  },
};

/** Who set a value. */
export type Origin =
  | { readonly kind: 'flag' }
  | { readonly kind: 'environment' }
  | { readonly kind: 'file'; readonly path: string; readonly line: number }
  | { readonly kind: 'default' };

/** A setting as text, before anybody has looked at what it says. */
export interface RawValue {
  readonly text: string;
  readonly origin: Origin;
}

export type RawSettings = ReadonlyMap<SettingKey, RawValue>;

export function isSettingKey(text: string): text is SettingKey {
  return Object.hasOwn(settings, text);
}

export function environmentVariable(key: string): string {
  return `QUORATE_${key.toUpperCase().replaceAll('-', '_')}`;
}

/** How an error names a setting, so that the reader knows which place to correct. */
export function settingLabel(key: SettingKey, origin: Origin): string {
  switch (origin.kind) {
    case 'flag':
      return `--${key}`;
    case 'environment':
      return `${environmentVariable(key)} (${key})`;
    case 'file':
      return `${origin.path}:${origin.line}: ${key}`;
    case 'default':
      return `--${key} (default)`;
  }
}
