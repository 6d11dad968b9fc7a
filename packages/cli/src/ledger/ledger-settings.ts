import type { ServiceSettings } from '../configuration/serve-configuration.ts';
import type { SettingKey } from '../configuration/settings.ts';

/** Where the first node of a ledger listens for clients, when nothing else is said. */
export const ledgerClientPort = 3379;

const keys: readonly SettingKey[] = [
  ...(['name', 'data-dir', 'listen-client-urls', 'listen-metrics-urls'] as const),
  ...(['listen-peer-urls', 'initial-advertise-peer-urls', 'initial-cluster'] as const),
  ...(['initial-cluster-state', 'initial-cluster-token', 'max-connections'] as const),
  ...(['heartbeat-interval', 'election-timeout'] as const),
  ...(['snapshot-log-bytes', 'snapshot-tail-entries', 'cert-file', 'key-file'] as const),
  ...(['trusted-ca-file', 'client-cert-auth', 'client-cert-allowed-hostname'] as const),
  ...(['peer-cert-file', 'peer-key-file', 'peer-trusted-ca-file'] as const),
  ...(['peer-client-cert-auth', 'peer-cert-allowed-cn'] as const),
  ...(['peer-cert-allowed-hostname', 'tls-min-version', 'cipher-suites'] as const),
  ...(['log-level', 'log-format'] as const),
];

/**
 * The settings of `serve` that concern a ledger. The ports are such that both services, and a local
 * cluster of either, run on one machine. A command is a batch, and a snapshot has all of the state:
 * so there is more log between two, and few of the large entries before one are kept.
 */
export const ledgerSettings: ServiceSettings = {
  title: 'a ledger',
  keys,
  defaults: {
    'listen-client-urls': `http://127.0.0.1:${ledgerClientPort}`,
    'listen-peer-urls': `http://127.0.0.1:${ledgerClientPort + 1}`,
    'snapshot-log-bytes': String(256 * 1024 * 1024),
    'snapshot-tail-entries': '500',
  },
  dataDirectoryOf: (name) => `${name}.ledger`,
};
