import type { Command } from 'commander';
import type { LocalService } from '../commands/up.ts';
import { commandHelp } from '../help-text.ts';
import { openOutput } from '../output.ts';
import { type Finish, wholeNumber } from './client-command.ts';
import { settingFlags, settingOption } from './setting-options.ts';

/** A service of which `up` runs a cluster. */
export interface UpCommand {
  readonly service: LocalService;
  readonly description: string;
  readonly help: string;
  /** Where the cluster is kept, when nothing else is said. */
  readonly directory: string;
}

/** `up`, of the coordination service. */
export const etcdUp: UpCommand = {
  service: {
    kind: 'etcd',
    words: [],
    clientPort: 2379,
    firstTry: 'put greeting hello',
    secondTry: 'status --cluster',
  },
  description: 'Run a cluster of several nodes on this machine.',
  help: commandHelp.up,
  directory: '.quorate',
};

/** Adds `up`. */
export function addUp(parent: Command, { service, ...said }: UpCommand, finish: Finish): Command {
  const nodeSettings = ['heartbeat-interval', 'election-timeout', 'log-level'] as const;
  const clientPort = `client port of the first node (default: ${service.clientPort})`;
  const directory = 'where the cluster is kept, from one start to the next';
  const command = parent
    .command('up')
    .description(said.description)
    .option('--nodes <N>', 'how many nodes, 1 to 9 (default: 3)', wholeNumber(1, 9))
    .option('--client-port <PORT>', clientPort, port)
    .option('--peer-port <PORT>', 'peer port of the first node (default: client port + 1)', port)
    .option('--tls', 'encrypt everything, with certificates that are made in DIR/certs')
    .option('--data-dir <DIR>', directory, said.directory)
    .option('--fresh', 'throw away what is there and begin anew')
    .option('--verbose', "show the nodes' logs");
  for (const key of nodeSettings) command.addOption(settingOption(key));
  return command
    .option('--json', 'print events as JSON, one a line')
    .addHelpText('after', said.help)
    .action(async (options) => {
      const { up } = await import('../commands/up.ts');
      const exitCode = await up(
        {
          service,
          nodes: options.nodes,
          clientPort: options.clientPort,
          peerPort: options.peerPort,
          tls: options.tls,
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

function port(text: string): number {
  return wholeNumber(1, 65_535)(text);
}
