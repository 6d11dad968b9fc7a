import { CliError, codeOf, messageOf } from '../../cli-error.ts';
import type { EventKind } from '../files/event-columns.ts';
import { EventFile } from '../files/event-file.ts';
import { type BadRecord, placeText } from '../files/record.ts';
import type { LedgerContext } from '../ledger-context.ts';
import { BadLineReport } from './bad-line-report.ts';
import { type ImportPosition, type ImportTarget, PositionFile } from './import-position.ts';
import { type ImportEnd, type ImportListener, ImportRun } from './import-run.ts';
import { countText, Progress, rateText } from './progress.ts';

export interface ImportFlags {
  /** undefined: by the columns. */
  readonly kind: EventKind | undefined;
  readonly scale: number;
  readonly ignoredColumns: readonly string[];
  readonly isFromStart: boolean;
  /** Where lines that cannot be read are listed; undefined: the first ends the import. */
  readonly badLinesPath: string | undefined;
  readonly batchEvents: number;
  readonly inFlight: number;
}

/** Between two writings of the position. */
const positionMs = 250;

/**
 * Imports accounts or transfers from a file, from where an earlier import of it has got to.
 *
 * @param path `-`: standard input, of which no position is kept
 * @returns 0 when all of it was carried out, now or before
 * @throws CliError CLI_USAGE, CLI_IMPORT_STOPPED
 */
export async function importFile(
  path: string,
  flags: ImportFlags,
  context: LedgerContext,
): Promise<number> {
  if (path === '-' && context.isInputTaken) {
    throw new CliError('CLI_USAGE', 'FILE: the shell reads standard input itself; name a file', {});
  }
  const file = new EventFile(path, {
    kind: flags.kind ?? null,
    scale: flags.scale,
    ignoredColumns: new Set(flags.ignoredColumns),
  });
  const totalBytes = file.sizeBytes;
  const kept = totalBytes === null ? null : new PositionFile(path);
  const target = kept === null ? null : await targetOf(context);
  const place = kept === null || target === null ? null : { kept, target };
  const from =
    flags.isFromStart || place === null
      ? null
      : await startOf(place, totalBytes ?? 0, flags, context);
  if (from !== null) file.expect(from.kind);
  const progress = new Progress({
    note: context.note,
    drawLine: context.drawLine,
    totalBytes,
    fromBytes: from?.bytes ?? 0,
    noun: 'events',
  });
  const report = flags.badLinesPath === undefined ? null : new BadLineReport(flags.badLinesPath);
  const keep = (position: ImportPosition) =>
    place?.kept.write(position, totalBytes ?? 0, place.target);
  const run = new ImportRun({
    connection: context.connection,
    file,
    from,
    scale: flags.scale,
    leavesOutBad: report !== null,
    batchEvents: flags.batchEvents,
    inFlight: flags.inFlight,
    signal: context.signal,
    listener: listenerOf(context, progress, report, from, keep),
  });
  const end = await run.run();
  progress.clear();
  report?.close();
  if (run.position !== null) keep(run.position);
  return conclude(path, run.position, from, end, progress.seconds, context);
}

/** Where the position is kept, and of which ledger it is. */
interface KeptPlace {
  readonly kept: PositionFile;
  readonly target: ImportTarget;
}

async function targetOf({ connection }: LedgerContext): Promise<ImportTarget> {
  return {
    clusterId: await connection.clusterId(),
    holds: async (kind, id) => {
      const asked =
        kind === 'accounts' ? connection.lookupAccounts([id]) : connection.lookupTransfers([id]);
      return (await asked).length > 0;
    },
  };
}

async function startOf(
  { kept, target }: KeptPlace,
  sizeBytes: number,
  flags: ImportFlags,
  { note }: LedgerContext,
): Promise<ImportPosition | null> {
  const found = await kept.read(sizeBytes, target);
  if (found === null) return null;
  const { position, hasOtherSize } = found;
  const kind = flags.kind ?? position.kind;
  if (position.scale !== flags.scale || position.kind !== kind) {
    const before = `${position.kind} with --scale ${position.scale}`;
    const fix = 'give the same flags, or --from-start to begin again';
    throw new CliError('CLI_USAGE', `${kept.path}: the import began as ${before}; ${fix}`, {});
  }
  const changed = hasOtherSize ? '; the file has changed behind it' : '';
  if (position.bytes < sizeBytes) note(`goes on at line ${position.line}${changed}`);
  return position;
}

function listenerOf(
  context: LedgerContext,
  progress: Progress,
  report: BadLineReport | null,
  from: ImportPosition | null,
  keep: (position: ImportPosition) => void,
): ImportListener {
  const { output } = context;
  const before = from === null ? 0 : eventsOf(from);
  let savedMs = performance.now();
  return {
    failed: ({ line, id, result }) => {
      progress.clear();
      if (output.isJson) output.json({ line, id: String(id), result });
      else output.line(`line ${line}: ${id}: ${result}`);
    },
    leftOut: (bad) => report?.add(bad),
    moved: (position) => {
      progress.update(position.bytes, eventsOf(position) - before);
      const nowMs = performance.now();
      if (nowMs - savedMs < positionMs) return;
      savedMs = nowMs;
      report?.flush();
      keep(position);
    },
  };
}

function eventsOf({ carriedOut, existed, failed }: ImportPosition): number {
  return carriedOut + existed + failed;
}

function conclude(
  path: string,
  position: ImportPosition | null,
  from: ImportPosition | null,
  end: ImportEnd,
  seconds: number,
  context: LedgerContext,
): number {
  const reached = `${path}: ${reachedText(position)}`;
  const again = 'run the same command again to go on, which does nothing twice';
  if (end.kind === 'error') throw importError(path, position, end, reached, again);
  if (end.kind === 'bad') {
    const { bad } = end;
    const problem = `${path}: ${placeText(bad)}: ${bad.reason}`;
    const message = `${problem}; ${remedyOf(bad)}, and ${again}. ${reachedText(position)}`;
    const place = placeOf(path, position, []);
    throw new CliError('CLI_IMPORT_STOPPED', message, { cause: 'BAD_LINE', ...place });
  }
  const { output, note } = context;
  const isWhole = end.kind === 'whole';
  const { carriedOut = 0, existed = 0, failed = 0, bad = 0, line = 1, kind } = position ?? {};
  const count = (position === null ? 0 : eventsOf(position)) - (from ? eventsOf(from) : 0);
  const isDoneBefore = from !== null && position?.bytes === from.bytes;
  if (output.isJson) {
    const totals = { carriedOut, existed, failed, bad };
    output.json({ isWhole, kind: kind ?? null, nextLine: line, ...totals, sent: count });
  } else if (isDoneBefore) {
    const before = `The earlier import: ${reachedText(position)}`;
    output.line(`${path}: was done before; nothing was sent. ${before}`);
  } else {
    const speed = `${seconds.toFixed(1)} s, ${rateText(count, seconds)}`;
    output.line(`${reached} (${speed})`);
  }
  if (!isWhole) note(`stopped; ${again}`);
  return isWhole && failed === 0 && bad === 0 ? 0 : 1;
}

function remedyOf({ isLast, isLinked }: BadRecord): string {
  if (isLast) return 'mend it';
  if (isLinked !== null) return 'mend it, or give --skip-bad';
  return 'mend it (--skip-bad leaves out no line that may be the part of a chain)';
}

/** Exactly how far it got. */
function reachedText(position: ImportPosition | null): string {
  if (position === null) return 'nothing was imported';
  const { kind, line, carriedOut, existed, failed, bad } = position;
  const parts = [
    `${countText(carriedOut)} ${kind} carried out`,
    ...(existed > 0 ? [`${countText(existed)} were there already`] : []),
    ...(failed > 0 ? [`${countText(failed)} refused`] : []),
    ...(bad > 0 ? [`${countText(bad)} lines left out`] : []),
  ];
  return `done to the end of line ${line - 1}: ${parts.join(', ')}`;
}

/** @param unanswered lines that were sent */
function placeOf(path: string, position: ImportPosition | null, unanswered: readonly number[]) {
  const { line = 1, carriedOut = 0, existed = 0, failed = 0, bad = 0 } = position ?? {};
  const first = unanswered[0];
  const last = unanswered.at(-1);
  return {
    path,
    nextLine: line,
    ...{ carriedOut, existed, refused: failed, leftOut: bad },
    unanswered: first === undefined || last === undefined ? null : ([first, last] as const),
  };
}

function importError(
  path: string,
  position: ImportPosition | null,
  { error, unanswered }: Extract<ImportEnd, { kind: 'error' }>,
  reached: string,
  again: string,
): CliError {
  if (codeOf(error) === null) throw error;
  const hasCause = error instanceof CliError && 'cause' in error.metadata;
  const cause = hasCause ? error.metadata.cause : codeOf(error);
  const place = placeOf(path, position, unanswered);
  const metadata = { cause, ...place };
  const message = messageOf(error);
  if (place.unanswered === null) {
    return new CliError('CLI_IMPORT_STOPPED', `${message}. ${reached}; ${again}`, metadata, {
      cause: error,
    });
  }
  const [first, last] = place.unanswered;
  const lines = `lines ${first} to ${last} were sent and not answered`;
  const text = `outcome unknown: ${message}. ${reached}; ${lines}; ${again}`;
  return new CliError('CLI_IMPORT_STOPPED', text, metadata, { cause: error });
}
