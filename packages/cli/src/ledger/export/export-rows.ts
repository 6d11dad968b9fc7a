import { once } from 'node:events';
import { CliError, codeOf, messageOf } from '../../cli-error.ts';
import { countText, Progress } from '../import/progress.ts';
import type { LedgerContext } from '../ledger-context.ts';
import type { RowFields, RowStyle } from '../row-fields.ts';
import { ExportFile } from './export-file.ts';
import { type ExportRange, exportColumns, exportPages } from './export-source.ts';

/** How an export is written. */
export type ExportFormat = 'csv' | 'jsonl';

export interface ExportFlags {
  readonly range: ExportRange;
  readonly style: RowStyle;
  /** undefined: by the end of the file's name, or CSV. */
  readonly format: ExportFormat | undefined;
  readonly isForced: boolean;
  readonly isFromStart: boolean;
  /** Rows in a page; undefined: as many as there may be. */
  readonly pageRows: number | undefined;
}

/**
 * Writes accounts or transfers in the order of their timestamps.
 *
 * @param path undefined or `-`: standard output
 * @throws CliError CLI_USAGE, CLI_REQUEST_FAILED
 */
export async function exportRows(
  path: string | undefined,
  flags: ExportFlags,
  context: LedgerContext,
): Promise<number> {
  const format = flags.format ?? formatOf(path);
  if (path === undefined || path === '-') return toOutput(flags, format, context);
  const { ledger, code, accountId, ...range } = flags.range;
  const asked = JSON.stringify([format, flags.style, range, ledger, code, accountId], textOfBigint);
  const file = new ExportFile(path, asked, flags);
  try {
    return await toFile(path, file, flags, format, context);
  } finally {
    file.close();
  }
}

function formatOf(path: string | undefined): ExportFormat {
  return path !== undefined && /\.(jsonl|ndjson|json)$/i.test(path) ? 'jsonl' : 'csv';
}

function textOfBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

async function toOutput(
  flags: ExportFlags,
  format: ExportFormat,
  { connection, signal }: LedgerContext,
): Promise<number> {
  const { range, style, pageRows } = flags;
  if (format === 'csv') process.stdout.write(headerOf(range));
  for await (const { rows } of exportPages(connection, range, style, pageRows)) {
    const hasRoom = process.stdout.write(textOf(rows, format));
    if (!hasRoom) await once(process.stdout, 'drain');
    if (signal.aborted) return 1;
  }
  return 0;
}

async function toFile(
  path: string,
  file: ExportFile,
  flags: ExportFlags,
  format: ExportFormat,
  context: LedgerContext,
): Promise<number> {
  const { begun } = file;
  const { note, drawLine, connection, output, signal } = context;
  const { style, pageRows } = flags;
  let count = begun?.rows ?? 0;
  if (begun === null) {
    if (format === 'csv') file.write(headerOf(flags.range));
  } else {
    note(`goes on behind ${countText(count)} rows`);
  }
  const timestampMin = begun?.nextTimestamp ?? flags.range.timestampMin;
  const range = { ...flags.range, timestampMin };
  const noun = range.kind;
  const progress = new Progress({ note, drawLine, totalBytes: null, fromBytes: 0, noun });
  const again = `${path}.part holds them; run the same command again to go on`;
  try {
    for await (const { rows, nextTimestamp } of exportPages(connection, range, style, pageRows)) {
      file.write(textOf(rows, format));
      count += rows.length;
      file.keep(count, nextTimestamp);
      progress.update(0, count - (begun?.rows ?? 0));
      if (!signal.aborted) continue;
      progress.clear();
      note(`stopped behind ${countText(count)} ${noun}; ${again}`);
      return 1;
    }
  } catch (error) {
    const cause = codeOf(error);
    if (cause === null) throw error;
    const reached = `${countText(count)} ${noun} are written; ${again}`;
    const message = `${messageOf(error)}. ${reached}`;
    throw new CliError('CLI_REQUEST_FAILED', message, { cause }, { cause: error });
  } finally {
    progress.clear();
  }
  file.commit();
  if (output.isJson) output.json({ path, kind: noun, rows: count });
  else output.line(`${path}: ${countText(count)} ${noun}`);
  return 0;
}

function headerOf({ kind }: ExportRange): string {
  return `${exportColumns[kind].join(',')}\n`;
}

function textOf(rows: readonly RowFields[], format: ExportFormat): string {
  const lines =
    format === 'csv'
      ? rows.map((row) => Object.values(row).join(','))
      : rows.map((row) => JSON.stringify(row));
  return `${lines.join('\n')}\n`;
}
