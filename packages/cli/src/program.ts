import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { supervisedFlag } from './child-message.ts';
import { settingKeys } from './configuration/settings.ts';
import { commandHelp, programHelp } from './help-text.ts';
import { openOutput } from './output.ts';
import { addAuth } from './program/auth.ts';
import { addBackup } from './program/backup.ts';
import { addCerts } from './program/certs.ts';
import {
  addConnectionOptions,
  clientCommand,
  clientFlags,
  type Finish,
} from './program/client-command.ts';
import { addCoordination } from './program/coordination.ts';
import { addEtcdFlags } from './program/etcd-flags.ts';
import { addKeyValue } from './program/key-value.ts';
import { addLease } from './program/lease.ts';
import { addLedger } from './program/ledger.ts';
import { addMaintenance } from './program/maintenance.ts';
import { addMember } from './program/member.ts';
import { addRecover } from './program/recover.ts';
import { settingFlags, settingOption } from './program/setting-options.ts';
import { addSnapshot } from './program/snapshot.ts';
import { addTxn } from './program/txn.ts';
import { addUp, etcdUp } from './program/up.ts';
import { addWatch } from './program/watch.ts';

/**
 * The whole command line. Each action loads its own code: `quorate --help` and `quorate get` should
 * not pay for the server.
 *
 * @param finish called with the exit code of the command that ran
 */
export function buildProgram(finish: (exitCode: number) => void): Command {
  const program = new Command('quorate')
    .description('A replicated, durable key-value service that speaks the etcd v3 API.')
    .usage('COMMAND [options]')
    .version(readVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [COMMAND]', 'Print the help of a command.')
    .exitOverride()
    .configureHelp({ optionTerm: ({ flags }) => flags.replaceAll(/[<>]/g, '') })
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', programHelp);
  addUp(program, etcdUp, finish).helpGroup('Run:');
  addServe(program, finish);
  addRepair(program, finish);
  addRecover(program, finish);
  addSnapshot(program, finish);
  addBackup(program, finish);
  addNew(program, finish);
  addCerts(program, finish);
  addStatus(program, finish);
  addKeyValue(program, finish);
  addTxn(program, finish);
  addWatch(program, finish);
  addLease(program, finish);
  addCoordination(program, finish);
  addAuth(program, finish);
  addMember(program, finish);
  addMaintenance(program, finish);
  addLedger(program, finish);
  return program;
}

function addServe(program: Command, finish: Finish): void {
  const command = program
    .command('serve')
    .helpGroup('Run:')
    .description('Run one node.')
    .option('--config <FILE>', 'read settings from a YAML file');
  for (const key of settingKeys) command.addOption(settingOption(key));
  command
    .option('--json', 'print the ready line and errors as JSON')
    .addOption(new Option(supervisedFlag).hideHelp())
    .addHelpText('after', commandHelp.serve);
  addEtcdFlags(command);
  command.action(async (options) => {
    const { serve } = await import('./commands/serve.ts');
    const exitCode = await serve(
      {
        flags: settingFlags(options, settingKeys),
        configPath: options.config,
        isSupervised: options.supervised === true,
      },
      openOutput(options.json === true),
    );
    finish(exitCode);
  });
}

function addRepair(program: Command, finish: Finish): void {
  program
    .command('repair')
    .helpGroup('Run:')
    .description("Repair a stopped node's damaged log.")
    .requiredOption('--data-dir <DIR>', 'where the log and the snapshots are kept')
    .option('--dry-run', 'say what would be done, and change nothing')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', commandHelp.repair)
    .action(async (options) => {
      const { repair } = await import('./commands/repair.ts');
      const flags = { dataDirectory: options.dataDir, isDryRun: options.dryRun === true };
      finish(await repair(flags, openOutput(options.json === true)));
    });
}

function addNew(program: Command, finish: Finish): void {
  program
    .command('new')
    .helpGroup('Begin:')
    .description('Write a small project with a state machine of your own.')
    .argument('DIR', 'a new or an empty directory')
    .option('--json', 'print the names of the files as JSON')
    .addHelpText('after', commandHelp.new)
    .action(async (directory: string, options) => {
      const { newProject } = await import('./new/new-project.ts');
      finish(newProject(directory, readVersion(), openOutput(options.json === true)));
    });
}

function addStatus(program: Command, finish: Finish): void {
  const command = clientCommand(program, 'status', 'Show each node: role, term, progress.').option(
    '--cluster',
    'ask every member, not only the endpoints given',
  );
  addConnectionOptions(command)
    .addHelpText('after', commandHelp.status)
    .action(async (options) => {
      const { status } = await import('./commands/status.ts');
      const flags = { ...clientFlags(options), isCluster: options.cluster === true };
      finish(await status(flags, openOutput(options.json === true)));
    });
}

function readVersion(): string {
  const path = new URL('../package.json', import.meta.url);
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return hasVersion ? String(manifest.version) : 'unknown';
}
