import type { LedgerMachine } from '@quorate/ledger';

/**
 * All balances and flags as a hash, and how many there are of everything else, in words: equal on
 * all replicas that have applied the same.
 */
export function stateDigest({ books }: LedgerMachine): string {
  const { accounts, transfers, statuses, history, ids, timeline, batches } = books.state;
  const balances = accounts.hashWindow(0, accounts.count).toString(16);
  return (
    `balances ${balances} accounts ${accounts.count} transfers ${transfers.count} ` +
    `open ${statuses.openCount} history ${history.count} ids ${ids.count} ` +
    `last ${timeline.last} batches ${batches}`
  );
}
