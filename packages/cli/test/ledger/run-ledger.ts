import { Command } from 'commander';
import type { LedgerConnection } from '../../src/ledger/ledger-connection.ts';
import type { LedgerContext } from '../../src/ledger/ledger-context.ts';
import type { Output } from '../../src/output.ts';
import { addLedgerCommands } from '../../src/program/ledger-commands.ts';

/** What a command has said. */
export interface Said {
  readonly lines: string[];
  readonly json: object[];
  readonly notes: string[];
}

/** A context whose output is kept. */
export function keptContext(
  connection: LedgerConnection,
  options: { isJson?: boolean; signal?: AbortSignal } = {},
): { context: LedgerContext; said: Said } {
  const said: Said = { lines: [], json: [], notes: [] };
  const output: Output = {
    isJson: options.isJson === true,
    line: (text) => void said.lines.push(text),
    json: (value) => void said.json.push(value),
  };
  const context: LedgerContext = {
    connection,
    output,
    signal: options.signal ?? new AbortController().signal,
    note: (text) => void said.notes.push(text),
    drawLine: null,
    isInputTaken: false,
  };
  return { context, said };
}

/** Runs one of the commands of `quorate ledger`, without a process of its own. */
export async function runLedger(
  connection: LedgerConnection,
  words: readonly string[],
  signal?: AbortSignal,
): Promise<Said & { readonly exitCode: number }> {
  const isJson = words.includes('--json');
  const { context, said } = keptContext(connection, { isJson, ...(signal ? { signal } : {}) });
  let exitCode = -1;
  const ledger = new Command('ledger')
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  addLedgerCommands(ledger, {
    defaults: { scale: 0, ids: 'decimal' },
    addConnection: (command) => command.option('--json'),
    run: async (_options, action) => {
      exitCode = await action(context);
    },
  });
  await ledger.parseAsync(words, { from: 'user' });
  return { ...said, exitCode };
}
