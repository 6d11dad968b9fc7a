import type { Command, Option } from 'commander';
import type { SettingKey } from '../configuration/settings.ts';
import { ledgerHelp } from '../ledger-help.ts';
import { openOutput } from '../output.ts';
import type { Finish } from './client-command.ts';
import { settingFlags, settingOption } from './setting-options.ts';

/** The settings of `serve` that concern a ledger. */
const keys = [
  ...(['name', 'data-dir', 'listen-client-urls', 'advertise-client-urls'] as const),
  ...(['listen-metrics-urls', 'listen-peer-urls', 'initial-advertise-peer-urls'] as const),
  ...(['initial-cluster', 'initial-cluster-token', 'max-connections'] as const),
  ...(['heartbeat-interval', 'election-timeout', 'cert-file', 'key-file'] as const),
  ...(['trusted-ca-file', 'client-cert-auth', 'client-cert-allowed-hostname'] as const),
  ...(['peer-cert-file', 'peer-key-file', 'peer-trusted-ca-file'] as const),
  ...(['peer-client-cert-auth', 'peer-cert-allowed-cn'] as const),
  ...(['peer-cert-allowed-hostname', 'tls-min-version', 'cipher-suites'] as const),
  ...(['log-level', 'log-format'] as const),
] satisfies readonly SettingKey[];

/** So that both services run on one machine, in one directory. */
const defaults: Readonly<Partial<Record<SettingKey, string>>> = {
  'data-dir': 'NAME.ledger',
  'listen-client-urls': 'http://127.0.0.1:2579',
  'listen-peer-urls': 'http://127.0.0.1:2580',
};

/** `ledger serve`. */
export function addLedgerServe(ledger: Command, finish: Finish): void {
  const command = ledger
    .command('serve')
    .description('Run one node of a ledger.')
    .option('--config <FILE>', 'read settings from a YAML file');
  for (const key of keys) command.addOption(ownOption(key));
  command
    .option('--json', 'print the ready line and errors as JSON')
    .addHelpText('after', ledgerHelp.serve)
    .action(async (options) => {
      const { serveLedger } = await import('../ledger/serve-ledger.ts');
      const flags = settingFlags(options, keys);
      const name = flags.name ?? process.env['QUORATE_NAME'] ?? 'default';
      const own = { ...defaults, 'data-dir': `${name}.ledger` };
      const sources = { flags, configPath: options.config, defaults: own };
      finish(await serveLedger(sources, openOutput(options.json === true)));
    });
}

function ownOption(key: SettingKey): Option {
  const option = settingOption(key);
  const text = defaults[key];
  if (text === undefined) return option;
  option.description = option.description.replace(/\(default: .*\)$/, `(default: ${text})`);
  return option;
}
