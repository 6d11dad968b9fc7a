// For users: the model, batches of it, and what became of them.

export type { BatchOutcome } from './books/books.ts';
export { Books } from './books/books.ts';
export type { BooksLimits } from './books/books-state.ts';
export { AccountBatchBuilder } from './columns/account-batch-builder.ts';
export { AccountColumns } from './columns/account-columns.ts';
// For library authors: what replicas log and answer.
export { Column } from './columns/column.ts';
export { ColumnWriter } from './columns/column-writer.ts';
export { decodeLanes } from './columns/decode-lanes.ts';
export { replaceAccountColumns } from './columns/replace-account-columns.ts';
export {
  type BatchFailure,
  type BatchResults,
  decodeResults,
  encodeResults,
} from './columns/results-codec.ts';
export { TransferBatchBuilder } from './columns/transfer-batch-builder.ts';
export { TransferColumns } from './columns/transfer-columns.ts';
export { LedgerError } from './ledger-error.ts';
export type { LedgerAnswer, RefusedAnswer, ResultsAnswer } from './machine/ledger-answer.ts';
export {
  decodeLedgerCommand,
  encodeLedgerCommand,
  type LedgerCommand,
  type StateVote,
} from './machine/ledger-command.ts';
export { LedgerMachine, type LedgerMachineOptions } from './machine/ledger-machine.ts';
export { RecordReader } from './machine/record-reader.ts';
export { RecordKind } from './machine/snapshot-layout.ts';
export { stateForm } from './machine/state-checks.ts';
export {
  type Account,
  type AccountBalance,
  AccountFlag,
  knownAccountFlags,
  type NewAccount,
} from './model/account.ts';
export {
  AccountResult,
  type AccountResultName,
  accountResultName,
} from './model/account-results.ts';
export { maxBatchEvents, maxUint64, maxUint128 } from './model/limits.ts';
export {
  knownTransferFlags,
  type NewTransfer,
  type Transfer,
  TransferFlag,
} from './model/transfer.ts';
export {
  keepsId,
  TransferResult,
  type TransferResultName,
  transferResultName,
} from './model/transfer-results.ts';
export { AccountBalancesScan } from './queries/account-balances-scan.ts';
export { AccountTransfersScan } from './queries/account-transfers-scan.ts';
export { balanceAt } from './queries/balance-at.ts';
export type { AccountFilter, QueryFilter } from './queries/filters.ts';
export { LookupTransfersScan, lookupAccounts, lookupTransfers } from './queries/lookup.ts';
export { QueryAccountsScan } from './queries/query-accounts-scan.ts';
export { QueryTransfersScan } from './queries/query-transfers-scan.ts';
export { finish, type Scan } from './queries/scan.ts';
export { type LedgerTotals, TotalsScan, totals } from './queries/totals-scan.ts';
export { failedId } from './transfers/transfer-ids.ts';
