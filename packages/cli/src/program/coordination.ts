import type { Command } from 'commander';
import { openOutput } from '../output.ts';
import {
  addConnectionOptions,
  clientCommand,
  clientFlags,
  type Finish,
  wholeNumber,
} from './client-command.ts';

const ttl = wholeNumber(1, 1_000_000);

const lockHelp = `
With a command, runs it while the lock is held; it finds the lock's key in ETCD_LOCK_KEY, and in
ETCD_LOCK_REV a number that is greater than any earlier holder's. Without, prints the key and holds
the lock until Ctrl-C. When the lock is lost, the command is told to stop (SIGTERM).

Examples:
  quorate lock backup -- ./backup.sh --full
  quorate lock backup

Exit codes:
  0    stopped as asked
  1    nobody answered, or the lock was lost
  2    wrong usage
  else the command's own
`;

const electHelp = `
Waits until it leads, prints the key and VALUE, and leads until Ctrl-C. With --listen prints who
leads, and each change, until Ctrl-C.

Examples:
  quorate elect scheduler node-1
  quorate elect scheduler --listen

Exit codes:
  0  stopped as asked
  1  nobody answered, or the lead was lost
  2  wrong usage
`;

/** `lock` and `elect`. */
export function addCoordination(program: Command, finish: Finish): void {
  const lock = clientCommand(program, 'lock', 'Hold a lock, alone or around a command.')
    .argument('NAME', 'what the lock is called')
    .argument('[CMD...]', 'behind --: the command, and its arguments')
    .option('--ttl <S>', 'how long it stays locked when this process vanishes (default: 10)', ttl);
  addConnectionOptions(lock)
    .addHelpText('after', lockHelp)
    .action(async (name: string, words: readonly string[], options) => {
      const commands = await import('../commands/coordination.ts');
      const flags = { ...clientFlags(options), ttlSeconds: options.ttl };
      finish(await commands.lock(name, words, flags, openOutput(options.json === true)));
    });
  const elect = clientCommand(program, 'elect', 'Lead, or see who leads.')
    .argument('NAME', 'what the election is called')
    .argument('[VALUE]', 'what this leader says')
    .option('--listen', 'follow who leads')
    .option('--ttl <S>', 'how long it leads when this process vanishes (default: 10)', ttl);
  addConnectionOptions(elect)
    .addHelpText('after', electHelp)
    .action(async (name: string, value: string | undefined, options) => {
      const commands = await import('../commands/coordination.ts');
      const flags = { ...clientFlags(options), ttlSeconds: options.ttl };
      const output = openOutput(options.json === true);
      if (options.listen === true) finish(await commands.observe(name, flags, output));
      else finish(await commands.elect(name, value, flags, output));
    });
}
