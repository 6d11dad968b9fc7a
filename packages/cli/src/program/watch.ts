import type { Command } from 'commander';
import { openOutput } from '../output.ts';
import {
  addConnectionOptions,
  clientCommand,
  clientFlags,
  type Finish,
  wholeNumber,
} from './client-command.ts';

const help = `
Prints PUT or DELETE, the key, and of a PUT the value, on a line each; with --json one line for
each event. Goes on through lost connections without leaving anything out, until Ctrl-C.

Examples:
  quorate watch users/ --prefix
  quorate watch greeting --rev 4            from revision 4 on

Exit codes:
  0  stopped as asked
  1  refused, or what --rev asks for is compacted
  2  wrong usage
`;

/** `watch`. */
export function addWatch(program: Command, finish: Finish): void {
  const command = clientCommand(program, 'watch', 'Print changes of keys as they happen.')
    .argument('KEY', 'the key')
    .optionsGroup('Range:')
    .option('--prefix', 'all keys that begin with KEY')
    .option('--from-key', 'all keys from KEY on')
    .option('--range-end <END>', 'all keys from KEY on and before END')
    .option('--rev <N>', 'from revision N on', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .optionsGroup('Answer:')
    .option('--prev-kv', 'print what was there before, in front of each event');
  addConnectionOptions(command)
    .addHelpText('after', help)
    .action(async (key: string, options) => {
      const { watch } = await import('../commands/watch.ts');
      const flags = {
        ...clientFlags(options),
        isPrefix: options.prefix === true,
        isFromKey: options.fromKey === true,
        rangeEnd: options.rangeEnd,
        revision: options.rev,
        isWithPrevious: options.prevKv === true,
      };
      finish(await watch(key, flags, openOutput(options.json === true)));
    });
}
