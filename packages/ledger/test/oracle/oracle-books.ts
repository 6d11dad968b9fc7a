import type { Account, AccountBalance } from '../../src/model/account.ts';
import type { Transfer } from '../../src/model/transfer.ts';
import { TransferFlag } from '../../src/model/transfer.ts';
import { TransferResult } from '../../src/model/transfer-results.ts';
import type { AccountEvent, BooksUnderTest, Outcome, TransferEvent } from './books-under-test.ts';
import { expiresAt } from './expiring-transfers.ts';
import { createAccount } from './oracle-accounts.ts';
import { expire } from './oracle-resolutions.ts';
import { OracleState } from './oracle-state.ts';
import { createTransfer } from './oracle-transfers.ts';

interface Flagged {
  readonly flags?: number;
}

/** The books as slowly and plainly as they can be kept: what the engine is held to. */
export class OracleBooks implements BooksUnderTest {
  readonly #state = new OracleState();
  #lastTimestamp = 0n;
  #lastExpired: readonly Transfer[] = [];

  createAccounts(events: readonly AccountEvent[], timestampMicros: number): Outcome {
    return this.#enter(events, timestampMicros, (event, timestamp) =>
      createAccount(this.#state, event, timestamp),
    );
  }

  createTransfers(events: readonly TransferEvent[], timestampMicros: number): Outcome {
    return this.#enter(events, timestampMicros, (event, timestamp) =>
      createTransfer(this.#state, event, timestamp),
    );
  }

  pulse(timestampMicros: number): Outcome {
    return this.#enter([], timestampMicros, () => TransferResult.ok);
  }

  account(id: bigint): Account | undefined {
    return this.#state.accounts.get(id);
  }

  transfer(id: bigint): Transfer | undefined {
    return this.#state.transfers.get(id);
  }

  balancesOf(id: bigint, newest = Number.POSITIVE_INFINITY): readonly AccountBalance[] {
    const rows = this.#state.balances.get(id) ?? [];
    return newest < rows.length ? rows.slice(-newest) : rows;
  }

  accountTransfers(id: bigint): readonly Transfer[] {
    return this.transfers().filter((t) => t.debitAccountId === id || t.creditAccountId === id);
  }

  accounts(): readonly Account[] {
    return [...this.#state.accounts.values()];
  }

  transfers(): readonly Transfer[] {
    return [...this.#state.transfers.values()];
  }

  nextExpiry(): bigint | undefined {
    const { first } = this.#state.expiring;
    return first === undefined ? undefined : expiresAt(first);
  }

  /** The pending transfers that expired with the last entry. */
  get lastExpired(): readonly Transfer[] {
    return this.#lastExpired;
  }

  /** How many transfers there are. */
  get transferCount(): number {
    return this.#state.transfers.size;
  }

  #enter<Event extends Flagged>(
    events: readonly Event[],
    timestampMicros: number,
    create: (event: Event, timestamp: bigint) => number,
  ): Outcome {
    const now = BigInt(timestampMicros) * 1000n;
    const first = now > this.#lastTimestamp ? now : this.#lastTimestamp + 1n;
    const expired = this.#state.expiring.dueAt(first);
    this.#lastExpired = expired;
    this.#state.beginChanges();
    for (const [k, transfer] of expired.entries()) expire(this.#state, transfer, first + BigInt(k));

    const timestamp = first + BigInt(expired.length);
    const results: number[] = [];
    for (const chain of chainsOf(events)) {
      const base = timestamp + BigInt(results.length);
      results.push(...this.#runChain(chain, (event, i) => create(event, base + BigInt(i))));
    }
    const used = BigInt(expired.length + events.length);
    if (used > 0n) this.#lastTimestamp = first + used - 1n;
    return { timestamp, results };
  }

  #runChain<Event extends Flagged>(
    chain: readonly Event[],
    create: (event: Event, i: number) => number,
  ): number[] {
    this.#state.beginChanges();
    const isOpen = isLinked(chain.at(-1));
    const looked = isOpen ? chain.slice(0, -1) : chain;
    const results = chain.map(() => TransferResult.linkedEventFailed as number);
    if (isOpen) results[chain.length - 1] = TransferResult.linkedEventChainOpen;
    for (const [i, event] of looked.entries()) {
      const result = create(event, i);
      if (result === TransferResult.ok) continue;
      this.#state.undoChanges();
      results[i] = result;
      return results;
    }
    if (!isOpen) return chain.map(() => TransferResult.ok);
    this.#state.undoChanges();
    return results;
  }
}

/** Events cut where a chain ends; one outside of chains is a chain of one. */
function chainsOf<Event extends Flagged>(events: readonly Event[]): Event[][] {
  const chains: Event[][] = [];
  let chain: Event[] = [];
  for (const event of events) {
    chain.push(event);
    if (isLinked(event)) continue;
    chains.push(chain);
    chain = [];
  }
  if (chain.length > 0) chains.push(chain);
  return chains;
}

function isLinked(event: Flagged | undefined): boolean {
  return ((event?.flags ?? 0) & TransferFlag.linked) !== 0;
}
