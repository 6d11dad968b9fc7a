import { type Command, Option } from 'commander';
import { supervisedFlag } from '../child-message.ts';
import { type SettingKey, settingKeys } from '../configuration/settings.ts';
import { ledgerSettings } from '../ledger/ledger-settings.ts';
import { ledgerHelp } from '../ledger-help.ts';
import { openOutput } from '../output.ts';
import type { Finish } from './client-command.ts';
import { settingFlags, settingOption } from './setting-options.ts';

/** What the help says of a setting that means another thing here. */
const ownMeanings: Readonly<Partial<Record<SettingKey, string>>> = {
  'initial-cluster':
    'every member: n1=http://host1:3380,n2=http://host2:3380 ' +
    '(default: NAME=the value of --initial-advertise-peer-urls)',
  'client-cert-auth': 'as --trusted-ca-file has it already (default: true with that file)',
};

/** `ledger serve`. */
export function addLedgerServe(ledger: Command, finish: Finish): void {
  const command = ledger
    .command('serve')
    .description('Run one node of a ledger.')
    .option('--config <FILE>', 'read settings from a YAML file');
  for (const key of settingKeys) command.addOption(ownOption(key));
  command
    .option('--json', 'print the ready line and errors as JSON')
    .addOption(new Option(supervisedFlag).hideHelp())
    .addHelpText('after', ledgerHelp.serve)
    .action(async (options) => {
      const { serveLedger } = await import('../ledger/serve-ledger.ts');
      const sources = {
        flags: settingFlags(options, settingKeys),
        configPath: options.config,
        isSupervised: options.supervised === true,
      };
      finish(await serveLedger(sources, openOutput(options.json === true)));
    });
}

/** Those of the coordination service are taken, too, to be refused by their names. */
function ownOption(key: SettingKey): Option {
  const option = settingOption(key);
  const { keys, defaults } = ledgerSettings;
  if (!keys.includes(key)) return option.hideHelp();
  const text = key === 'data-dir' ? ledgerSettings.dataDirectoryOf('NAME') : defaults[key];
  const said = option.description;
  option.description =
    ownMeanings[key] ??
    (text === undefined ? said : said.replace(/\(default: .*\)$/, `(default: ${text})`));
  return option;
}
