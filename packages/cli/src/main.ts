import { type Command, CommanderError } from 'commander';
import { CliError, messageOf } from './cli-error.ts';
import { printError } from './output.ts';
import { buildProgram } from './program.ts';

/**
 * Runs the command line and prints its error, if any, on standard error.
 *
 * @param words the arguments behind the program's name
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage
 */
export async function main(words: readonly string[]): Promise<number> {
  stopQuietlyWithoutReader();
  let exitCode = 0;
  const program = buildProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && isOnlyHelp(error)) {
      return error.code === 'commander.help' ? 2 : 0;
    }
    const failure =
      error instanceof CommanderError ? usageError(error, helpFor(words, program)) : error;
    // Anything else is a defect of this program: let it show itself in full.
    if (!(failure instanceof CliError)) throw failure;
    printError(failure, words.includes('--json'));
    return failure.exitCode;
  }
}

/** `quorate get ... | head` closes our output early; that is no failure of ours. */
function stopQuietlyWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

/** Help asked for, help for a missing command, and the version: all printed already. */
function isOnlyHelp(error: CommanderError): boolean {
  return ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(error.code);
}

/** The help that would have prevented the mistake. */
function helpFor(words: readonly string[], program: Command): string {
  const names = ['quorate'];
  let command: Command | undefined = program;
  for (const word of words) {
    command = command.commands.find((one) => one.name() === word);
    if (command === undefined) break;
    names.push(word);
  }
  return `${names.join(' ')} --help`;
}

function usageError(error: CommanderError, help: string): CliError {
  const sentence = messageOf(error)
    .replace(/^error: /, '')
    .replace(/(--[a-z-]+) <([A-Z]+)>/, '$1 $2')
    .replace(/ \(Did you mean (one of )?([^)]*)\?\)$/, '; did you mean $2?')
    .replace(/\.$/, '');
  const hint = sentence.endsWith('?') ? '' : `; see ${help}`;
  return new CliError('CLI_USAGE', sentence + hint, {}, { cause: error });
}
