import { createInterface, type Interface } from 'node:readline';
import { Command, CommanderError } from 'commander';
import { CliError, codeOf, messageOf } from '../../cli-error.ts';
import { requestError } from '../../commands/endpoints.ts';
import { printError } from '../../output.ts';
import type { LedgerHost } from '../../program/ledger-host.ts';
import type { LedgerContext } from '../ledger-context.ts';
import { completeLine } from './complete-line.ts';
import { HistoryFile, historyPath, mostHistoryLines } from './history-file.ts';
import { splitWords, UnclosedQuote } from './split-words.ts';

/** Adds the commands that the shell carries out. */
export type AddCommands = (ledger: Command, host: LedgerHost) => void;

const helpHint = 'help COMMAND prints more; exit or Ctrl-D ends the shell.';

/**
 * Carries out lines of standard input until it ends. A command that fails ends nothing.
 *
 * @returns 1 when, without a terminal, a command has failed
 */
export async function runShell(
  addCommands: AddCommands,
  defaults: LedgerHost['defaults'],
  context: Omit<LedgerContext, 'signal'>,
): Promise<number> {
  const isTyped = process.stdin.isTTY;
  const shell = new Shell(addCommands, defaults, context);
  const path = isTyped ? historyPath(process.env) : null;
  const history = path === null ? null : new HistoryFile(path, context.note);
  const lines = createInterface({
    input: process.stdin,
    ...(isTyped ? { output: process.stdout } : {}),
    terminal: isTyped,
    history: history?.read() ?? [],
    historySize: mostHistoryLines,
    removeHistoryDuplicates: true,
    prompt: 'ledger> ',
    completer: (line: string) => shell.complete(line),
  });
  lines.on('line', (line) => history?.add(line));
  // With Ctrl-C the command ends, or what is typed; never the shell.
  lines.on('SIGINT', () => {
    if (shell.stop()) return;
    process.stdout.write('^C\n');
    lines.write(null, { ctrl: true, name: 'e' });
    lines.write(null, { ctrl: true, name: 'u' });
    lines.prompt();
  });
  if (isTyped) process.stdout.write(`${helpHint}\n`);
  const hasFailed = await carryOut(lines, shell, isTyped);
  return hasFailed && !isTyped ? 1 : 0;
}

async function carryOut(lines: Interface, shell: Shell, isTyped: boolean): Promise<boolean> {
  let hasFailed = false;
  if (isTyped) lines.prompt();
  for await (const line of lines) {
    const exitCode = await shell.run(line);
    if (exitCode === null) break;
    if (exitCode !== 0) hasFailed = true;
    if (isTyped) lines.prompt();
  }
  lines.close();
  if (isTyped) process.stdout.write('\n');
  return hasFailed;
}

/** Lines, one after another. */
export class Shell {
  readonly #addCommands: AddCommands;
  readonly #defaults: LedgerHost['defaults'];
  readonly #context: Omit<LedgerContext, 'signal'>;
  #running: AbortController | null = null;
  #exitCode = 0;

  constructor(
    addCommands: AddCommands,
    defaults: LedgerHost['defaults'],
    context: Omit<LedgerContext, 'signal'>,
  ) {
    this.#addCommands = addCommands;
    this.#defaults = defaults;
    this.#context = context;
  }

  /** @returns false: no command runs */
  stop(): boolean {
    this.#running?.abort();
    return this.#running !== null;
  }

  complete(line: string): [string[], string] {
    return completeLine(this.#commands(), line);
  }

  /** @returns the exit code that the command would have; null: the shell is to end */
  async run(line: string): Promise<number | null> {
    this.#running = new AbortController();
    this.#exitCode = 0;
    try {
      const words = splitWords(line);
      if (words.length === 0) return 0;
      if (words[0] === 'exit' || words[0] === 'quit') return null;
      await this.#commands().parseAsync(words, { from: 'user' });
      return this.#exitCode;
    } catch (error) {
      return this.#say(error);
    } finally {
      this.#running = null;
    }
  }

  #say(error: unknown): number {
    if (error instanceof CommanderError && isOnlyHelp(error)) return 0;
    const failure = failureOf(error);
    if (!(failure instanceof CliError)) throw error;
    printError(failure, this.#context.output.isJson);
    return failure.exitCode;
  }

  /** New ones for each line: a command keeps the options that it was given. */
  #commands(): Command {
    const ledger = new Command('ledger')
      .usage('COMMAND [options]')
      .configureHelp({ optionTerm: ({ flags }) => flags.replaceAll(/[<>]/g, '') })
      .configureOutput({ outputError: () => undefined })
      .helpOption(false)
      .helpCommand('help [COMMAND]', 'Print the help of a command.')
      .addHelpText('after', `\n${helpHint}`)
      .exitOverride();
    this.#addCommands(ledger, {
      defaults: this.#defaults,
      addConnection: (command) => command.option('--json', 'print JSON'),
      run: async (options, action) => {
        this.#exitCode = await action(this.#contextOf(options['json'] === true));
      },
    });
    return ledger;
  }

  #contextOf(isJson: boolean): LedgerContext {
    const { output } = this.#context;
    const signal = this.#running?.signal ?? new AbortController().signal;
    const own = isJson ? { ...output, isJson } : output;
    return { ...this.#context, output: own, signal, isInputTaken: true };
  }
}

function isOnlyHelp({ code }: CommanderError): boolean {
  return ['commander.help', 'commander.helpDisplayed'].includes(code);
}

function failureOf(error: unknown): unknown {
  if (error instanceof CommanderError || error instanceof UnclosedQuote) {
    const sentence = messageOf(error)
      .replace(/^error: /, '')
      .replace(/\.$/, '');
    return new CliError('CLI_USAGE', `${sentence}; type help`, {}, { cause: error });
  }
  return codeOf(error) === null ? error : requestError(error);
}
