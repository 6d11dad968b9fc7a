import { AccountFlag, maxBatchEvents } from '@quorate/ledger';
import type { LedgerConnection } from '../ledger-connection.ts';

const limiting = AccountFlag.debitsMustNotExceedCredits | AccountFlag.creditsMustNotExceedDebits;
/** What is remembered of so many accounts; then it is asked for again. */
const mostKnown = 1 << 20;

/** Knows which accounts have a limit, so that the order of their transfers decides. */
export class AccountLimits {
  readonly #connection: Pick<LedgerConnection, 'lookupAccounts'>;
  readonly #known = new Map<bigint, boolean>();

  constructor(connection: Pick<LedgerConnection, 'lookupAccounts'>) {
    this.#connection = connection;
  }

  /** An account that is not there has none: its transfers fail in any order. */
  async haveAny(accounts: ReadonlySet<bigint>): Promise<boolean> {
    if (this.#known.size > mostKnown) this.#known.clear();
    const unknown = [...accounts].filter((id) => !this.#known.has(id));
    for (let from = 0; from < unknown.length; from += maxBatchEvents) {
      const asked = unknown.slice(from, from + maxBatchEvents);
      const found = await this.#connection.lookupAccounts(asked);
      for (const { id, flags } of found) this.#known.set(id, (flags & limiting) !== 0);
    }
    for (const id of accounts) if (this.#known.get(id) === true) return true;
    return false;
  }
}
