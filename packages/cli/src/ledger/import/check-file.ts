import { TransferFlag } from '@quorate/ledger';
import { CliError } from '../../cli-error.ts';
import type { EventKind } from '../files/event-columns.ts';
import { EventFile } from '../files/event-file.ts';
import { type BadRecord, placeText } from '../files/record.ts';
import type { LedgerContext } from '../ledger-context.ts';
import { countText } from './progress.ts';

export interface CheckFlags {
  readonly kind: EventKind | undefined;
  readonly scale: number;
  readonly ignoredColumns: readonly string[];
}

/** So many bad lines are listed; the others are counted. */
const mostListed = 100;

/** Reads a file as import would, and asks nobody. @returns 1 when a line cannot be read */
export async function checkFile(
  path: string,
  flags: CheckFlags,
  context: Pick<LedgerContext, 'output' | 'signal'>,
): Promise<number> {
  const { kind = null, scale, ignoredColumns } = flags;
  const file = new EventFile(path, { kind, scale, ignoredColumns: new Set(ignoredColumns) });
  const { output, signal } = context;
  let good = 0;
  let bad = 0;
  let openSince = 0;
  for await (const events of file.read(null)) {
    for (const event of events) {
      if (!event.isGood) {
        bad += 1;
        if (bad <= mostListed) list(event, output);
        continue;
      }
      good += 1;
      const isLinked = ((event.event.flags ?? 0) & TransferFlag.linked) !== 0;
      openSince = isLinked ? openSince || event.line : 0;
    }
    if (signal.aborted) {
      throw new CliError('CLI_REQUEST_FAILED', 'stopped before the end', { cause: null });
    }
  }
  if (output.isJson) output.json({ kind: file.kind, good, bad, openChainLine: openSince || null });
  else {
    const noun = file.kind ?? 'records';
    output.line(`${path}: ${countText(good)} ${noun} can be read, ${countText(bad)} lines cannot`);
    if (openSince > 0) output.line(`line ${openSince}: the chain that begins here has no end`);
  }
  return bad === 0 && openSince === 0 ? 0 : 1;
}

function list(bad: BadRecord, output: LedgerContext['output']): void {
  const { line, column } = bad.place;
  if (output.isJson) output.json({ line, column, name: bad.name, reason: bad.reason });
  else output.line(`${placeText(bad)}: ${bad.reason}`);
}
