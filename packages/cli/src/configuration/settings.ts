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
  'heartbeat-interval',
  'election-timeout',
  'log-level',
  'log-format',
] as const;

export type SettingKey = (typeof settingKeys)[number];

export type SettingGroup = 'Node' | 'Clients' | 'Peers' | 'Cluster' | 'Timing' | 'Logs';

export interface Setting {
  readonly group: SettingGroup;
  /** What stands for the value in the help. */
  readonly placeholder: string;
  readonly description: string;
  /** The default in words; some follow from other settings. */
  readonly defaultText: string;
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
    description: 'new, or existing: refuse to start when the data directory is empty',
    defaultText: 'new',
  },
  'initial-cluster-token': {
    group: 'Cluster',
    placeholder: 'TOKEN',
    description: 'keeps clusters with the same members apart',
    defaultText: 'quorate-cluster',
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
