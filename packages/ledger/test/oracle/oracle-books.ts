import type { Account, AccountBalance } from '../../src/model/account.ts';
import type { Transfer } from '../../src/model/transfer.ts';
import { TransferFlag } from '../../src/model/transfer.ts';
import { TransferResult } from '../../src/model/transfer-results.ts';
import type { AccountEvent, BooksUnderTest, Outcome, TransferEvent } from './books-under-test.ts';
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

  balancesOf(id: bigint): readonly AccountBalance[] {
    return this.#state.balances.get(id) ?? [];
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
    const first = this.#expiring()[0];
    return first === undefined ? undefined : expiresAt(first);
  }

  #enter<Event extends Flagged>(
    events: readonly Event[],
    timestampMicros: number,
    create: (event: Event, timestamp: bigint) => number,
  ): Outcome {
    const now = BigInt(timestampMicros) * 1000n;
    const first = now > this.#lastTimestamp ? now : this.#lastTimestamp + 1n;
    const expired = this.#expiring().filter((transfer) => expiresAt(transfer) <= first);
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

  /** The pending transfers that are open and have a timeout, the first to expire first. */
  #expiring(): Transfer[] {
    const ids = [...this.#state.fates].filter(([, fate]) => fate === 'open').map(([id]) => id);
    return ids
      .map((id) => this.#state.transferOf(id))
      .filter(({ timeout }) => timeout !== 0)
      .sort((a, b) => sign(expiresAt(a) - expiresAt(b)) || sign(a.timestamp - b.timestamp));
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

function expiresAt(pending: Transfer): bigint {
  return pending.timestamp + BigInt(pending.timeout) * 1_000_000_000n;
}

function sign(difference: bigint): number {
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}
