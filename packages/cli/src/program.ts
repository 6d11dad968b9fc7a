import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { supervisedFlag } from './child-message.ts';
import { type SettingKey, settingKeys, settings } from './configuration/settings.ts';
import { commandHelp, programHelp } from './help-text.ts';
import { openOutput } from './output.ts';

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
  addUp(program, finish);
  addServe(program, finish);
  addRepair(program, finish);
  addNew(program, finish);
  addStatus(program, finish);
  addPut(program, finish);
  addGet(program, finish);
  addDel(program, finish);
  return program;
}

type Finish = (exitCode: number) => void;

function addUp(program: Command, finish: Finish): void {
  const nodeSettings = ['heartbeat-interval', 'election-timeout', 'log-level'] as const;
  const command = program
    .command('up')
    .helpGroup('Run:')
    .description('Run a cluster of several nodes on this machine.')
    .option('--nodes <N>', 'how many nodes, 1 to 9 (default: 3)', wholeNumber(1, 9))
    .option('--client-port <PORT>', 'client port of the first node (default: 2379)', port)
    .option('--peer-port <PORT>', 'peer port of the first node (default: client port + 1)', port)
    .option('--data-dir <DIR>', 'where the cluster is kept, from one start to the next', '.quorate')
    .option('--fresh', 'throw away what is there and begin anew')
    .option('--verbose', "show the nodes' logs");
  for (const key of nodeSettings) command.addOption(settingOption(key));
  command
    .option('--json', 'print events as JSON, one a line')
    .addHelpText('after', commandHelp.up)
    .action(async (options) => {
      const { up } = await import('./commands/up.ts');
      const exitCode = await up(
        {
          nodes: options.nodes,
          clientPort: options.clientPort,
          peerPort: options.peerPort,
          dataDirectory: options.dataDir,
          isFresh: options.fresh === true,
          isVerbose: options.verbose === true,
          nodeFlags: settingFlags(options, nodeSettings),
        },
        openOutput(options.json === true),
      );
      finish(exitCode);
    });
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
    .addHelpText('after', commandHelp.serve)
    .action(async (options) => {
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

function addPut(program: Command, finish: Finish): void {
  const command = clientCommand(program, 'put', 'Write a key.')
    .argument('KEY', 'the key')
    .argument('[VALUE]', 'the value; - or nothing: standard input');
  addConnectionOptions(command)
    .addHelpText('after', commandHelp.put)
    .action(async (key: string, value: string | undefined, options) => {
      const { put } = await import('./commands/key-value.ts');
      finish(await put(key, value, clientFlags(options), openOutput(options.json === true)));
    });
}

function addGet(program: Command, finish: Finish): void {
  const command = clientCommand(program, 'get', 'Read keys.')
    .argument('KEY', 'the key')
    .optionsGroup('Range:')
    .option('--prefix', 'all keys that begin with KEY')
    .option('--from-key', 'all keys from KEY on')
    .option('--range-end <END>', 'all keys from KEY on and before END')
    .option('--limit <N>', 'at most N keys', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--rev <N>', 'as of revision N', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .optionsGroup('Answer:')
    .option('--serializable', "the asked node's own state, which may be behind")
    .addOption(new Option('--keys-only', 'print no values').conflicts('printValueOnly'))
    .option('--print-value-only', 'print no keys');
  addConnectionOptions(command)
    .addHelpText('after', commandHelp.get)
    .action(async (key: string, options) => {
      const { get } = await import('./commands/key-value.ts');
      const flags = {
        ...clientFlags(options),
        isPrefix: options.prefix === true,
        isFromKey: options.fromKey === true,
        rangeEnd: options.rangeEnd,
        limit: options.limit,
        revision: options.rev,
        isSerializable: options.serializable === true,
        isKeysOnly: options.keysOnly === true,
        isValueOnly: options.printValueOnly === true,
      };
      finish(await get(key, flags, openOutput(options.json === true)));
    });
}

function addDel(program: Command, finish: Finish): void {
  const command = clientCommand(program, 'del', 'Delete keys.')
    .argument('KEY', 'the key')
    .option('--prefix', 'all keys that begin with KEY');
  addConnectionOptions(command)
    .addHelpText('after', commandHelp.del)
    .action(async (key: string, options) => {
      const { del } = await import('./commands/key-value.ts');
      const flags = { ...clientFlags(options), isPrefix: options.prefix === true };
      finish(await del(key, flags, openOutput(options.json === true)));
    });
}

function clientCommand(program: Command, name: string, description: string): Command {
  return program.command(name).helpGroup('Use:').description(description);
}

/** Behind the command's own options, for the help lists groups in the order of their first one. */
function addConnectionOptions(command: Command): Command {
  const endpoints = 'nodes to talk to, comma-separated (default: 127.0.0.1:2379)';
  return command
    .option('--json', 'print JSON')
    .optionsGroup('Connection:')
    .option('--endpoints <LIST>', endpoints)
    .option(
      '--timeout-ms <MS>',
      'for the whole request (default: 5000)',
      wholeNumber(1, 3_600_000),
    );
}

interface ClientValues {
  readonly endpoints?: string;
  readonly timeoutMs?: number;
}

function clientFlags(options: ClientValues) {
  return { endpoints: options.endpoints, timeoutMs: options.timeoutMs };
}

function settingOption(key: SettingKey): Option {
  const { placeholder, description, defaultText, group } = settings[key];
  const text = `${description} (default: ${defaultText})`;
  return new Option(`--${key} <${placeholder}>`, text).helpGroup(`${group}:`);
}

/** The settings that were given, by their own names rather than by commander's. */
function settingFlags(values: Readonly<Record<string, unknown>>, keys: readonly SettingKey[]) {
  const flags: Partial<Record<SettingKey, string>> = {};
  for (const key of keys) {
    const value = values[settingOption(key).attributeName()];
    if (typeof value === 'string') flags[key] = value;
  }
  return flags;
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,16}$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

function port(text: string): number {
  return wholeNumber(1, 65_535)(text);
}

function readVersion(): string {
  const path = new URL('../package.json', import.meta.url);
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return hasVersion ? String(manifest.version) : 'unknown';
}
