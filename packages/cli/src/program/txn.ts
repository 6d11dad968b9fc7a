import type { Command } from 'commander';
import { openOutput } from '../output.ts';
import { addConnectionOptions, clientCommand, clientFlags, type Finish } from './client-command.ts';

const help = `
Reads three paragraphs, each ended by an empty line: the conditions, what is done when all hold,
and what is done otherwise. The text is that of etcdctl txn. All happens at once, or nothing.

  value("KEY") = "TEXT"       also !=, < and >; likewise
  version("KEY") > "0"        version, create and mod (revisions), lease (hexadecimal)
  put KEY VALUE [--lease ID] [--prev-kv]
  get KEY [END] [--prefix] [--limit N] [--rev N] [--keys-only]
  del KEY [END] [--prefix] [--prev-kv]

Quotes are those of JSON. Prints SUCCESS or FAILURE, then what each step gave.

Example:
  quorate txn <<'END'
  version("greeting") = "0"

  put greeting hello

  get greeting

  END

Exit codes:
  0  carried out, whichever branch was taken
  1  refused, nobody answered, or "outcome unknown"
  2  wrong usage
`;

/** `txn`. */
export function addTxn(program: Command, finish: Finish): void {
  const command = clientCommand(
    program,
    'txn',
    'Do several things at once, under conditions.',
  ).argument('[FILE]', 'the transaction; - or nothing: standard input');
  addConnectionOptions(command)
    .addHelpText('after', help)
    .action(async (file: string | undefined, options) => {
      const { txn } = await import('../commands/txn.ts');
      finish(await txn(file, clientFlags(options), openOutput(options.json === true)));
    });
}
