import { maxBatchEvents } from '@quorate/ledger';
import type { LedgerConnection } from '../ledger-connection.ts';
import { accountFields, type RowFields, type RowStyle, transferFields } from '../row-fields.ts';

/** What is exported. */
export interface ExportRange {
  readonly kind: 'accounts' | 'transfers';
  /** Only transfers of this account; null: all. */
  readonly accountId: bigint | null;
  /** 0: of all ledgers, or with any code. */
  readonly ledger: number;
  readonly code: number;
  /** Both are included. */
  readonly timestampMin: bigint;
  /** null: no end. */
  readonly timestampMax: bigint | null;
}

/** The names of the fields, as the first line of CSV has them. */
export const exportColumns = {
  accounts: [
    ...['id', 'ledger', 'code', 'flags', 'debitsPending', 'debitsPosted', 'creditsPending'],
    ...['creditsPosted', 'userData128', 'userData64', 'userData32', 'timestamp'],
  ],
  transfers: [
    ...['id', 'debitAccountId', 'creditAccountId', 'amount', 'pendingId', 'ledger', 'code'],
    ...['flags', 'timeout', 'userData128', 'userData64', 'userData32', 'timestamp'],
  ],
} as const;

/** Rows in the order of their timestamps, and where the next ones begin. */
export interface ExportPage {
  readonly rows: readonly RowFields[];
  readonly nextTimestamp: bigint;
}

/**
 * Reads all rows of the range, a page at a time.
 *
 * @param pageRows at most 8190
 */
export async function* exportPages(
  connection: LedgerConnection,
  range: ExportRange,
  style: RowStyle,
  pageRows: number = maxBatchEvents,
): AsyncGenerator<ExportPage> {
  const { timestampMax } = range;
  let from = range.timestampMin;
  // A page that is not full may be one whose message was: only an empty one is the end.
  while (timestampMax === null || from <= timestampMax) {
    const page = await readPage(connection, range, style, from, pageRows);
    if (page === null) return;
    yield page;
    from = page.nextTimestamp;
  }
}

async function readPage(
  connection: LedgerConnection,
  { kind, accountId, ledger, code, timestampMax }: ExportRange,
  style: RowStyle,
  from: bigint,
  limit: number,
): Promise<ExportPage | null> {
  const times = timestampMax === null ? {} : { timestampMax };
  const filter = { ...times, timestampMin: from, limit, ...(code === 0 ? {} : { code }) };
  if (kind === 'accounts') {
    const accounts = await connection.queryAccounts({ ...filter, ledger });
    const last = accounts.at(-1);
    if (last === undefined) return null;
    const rows = accounts.map((account) => accountFields(account, style));
    return { rows, nextTimestamp: last.timestamp + 1n };
  }
  const transfers =
    accountId === null
      ? await connection.queryTransfers({ ...filter, ledger })
      : await connection.accountTransfers({ ...filter, accountId });
  const last = transfers.at(-1);
  if (last === undefined) return null;
  const rows = transfers.map((transfer) => transferFields(transfer, style));
  return { rows, nextTimestamp: last.timestamp + 1n };
}
