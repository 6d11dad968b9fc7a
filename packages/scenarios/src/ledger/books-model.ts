import { AccountFlag, AccountResult, type NewAccount, TransferFlag } from '@quorate/ledger';
import type { BalanceName, ModelAccount, ModelState, ModelTransfer } from './model-state.ts';
import { judgeTransfer, keptResults } from './model-transfers.ts';
import type { BatchEvents } from './sent-batch.ts';

/** What the model answers for a batch. */
export interface ModelOutcome {
  readonly timestamp: bigint;
  /** Of each event. */
  readonly results: readonly number[];
}

/** Of both kinds of results. */
const linkedEventFailed = 1;
const linkedEventChainOpen = 2;

/**
 * Books as simple as they can be, with what clients of this scenario send: maps, bigints, and a
 * list of what a chain has to take back. It knows nothing of slots, columns, runs or snapshots.
 */
export class BooksModel implements ModelState {
  readonly accounts = new Map<bigint, ModelAccount>();
  readonly transfers = new Map<bigint, ModelTransfer>();
  readonly failedIds = new Set<bigint>();
  /** Those that a client can still post or void. */
  readonly open = new Set<ModelTransfer>();
  /** Of the newest event. */
  last = 0n;
  historyRows = 0;
  expired = 0;
  #undo: (() => void)[] = [];

  /** @param batch null: time passes, and nothing else */
  apply(batch: BatchEvents | null, timestampMicros: number): ModelOutcome {
    let timestamp = BigInt(timestampMicros) * 1000n;
    if (timestamp <= this.last) timestamp = this.last + 1n;
    timestamp += BigInt(this.#expire(timestamp));
    if (batch === null) return { timestamp, results: [] };
    const results =
      batch.kind === 'accounts'
        ? this.#chains(batch.events, (event) => this.#account(event))
        : this.#chains(batch.events, (event, at) =>
            judgeTransfer(this, event, timestamp + BigInt(at)),
          );
    this.last = timestamp + BigInt(batch.events.length) - 1n;
    return { timestamp, results };
  }

  undoLater(undo: () => void): void {
    this.#undo.push(undo);
  }

  add(account: ModelAccount, kind: BalanceName, amount: bigint): void {
    account[kind] += amount;
    this.undoLater(() => {
      account[kind] -= amount;
    });
  }

  close(account: ModelAccount, isClosed: boolean): void {
    const { isClosed: before } = account;
    account.isClosed = isClosed;
    this.undoLater(() => {
      account.isClosed = before;
    });
  }

  noteHistory(debit: ModelAccount, credit: ModelAccount): void {
    const rows = [debit, credit].filter(({ flags }) => (flags & AccountFlag.history) !== 0).length;
    this.historyRows += rows;
    this.undoLater(() => {
      this.historyRows -= rows;
    });
  }

  release(pending: ModelTransfer, status: 'posted' | 'voided' | 'expired'): void {
    const { debit, credit, amount, flags } = pending;
    this.add(debit, 'debitsPending', -amount);
    this.add(credit, 'creditsPending', -amount);
    pending.status = status;
    this.open.delete(pending);
    this.undoLater(() => {
      pending.status = 'open';
      this.open.add(pending);
    });
    if (status === 'posted') return;
    if ((flags & TransferFlag.closingDebit) !== 0) this.close(debit, false);
    if ((flags & TransferFlag.closingCredit) !== 0) this.close(credit, false);
  }

  /** @returns how many expired */
  #expire(now: bigint): number {
    const due = [...this.open]
      .filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now)
      .sort((one, other) => Number((one.expiresAt ?? 0n) - (other.expiresAt ?? 0n)));
    due.forEach((pending, at) => {
      this.release(pending, 'expired');
      this.noteHistory(pending.debit, pending.credit);
      this.last = now + BigInt(at);
    });
    this.expired += due.length;
    this.#undo = [];
    return due.length;
  }

  #chains<Event extends { readonly id: bigint; readonly flags?: number }>(
    events: readonly Event[],
    judge: (event: Event, at: number) => number,
  ): readonly number[] {
    const results: number[] = [];
    for (let first = 0; first < events.length; first = results.length) {
      let end = first;
      while (end < events.length && ((events[end]?.flags ?? 0) & TransferFlag.linked) !== 0) end++;
      const isOpen = end === events.length;
      const last = isOpen ? end - 1 : end;
      const chain = events.slice(first, last + 1);
      results.push(...this.#chain(chain, isOpen, (event, at) => judge(event, first + at)));
    }
    return results;
  }

  #chain<Event extends { readonly id: bigint }>(
    chain: readonly Event[],
    isOpen: boolean,
    judge: (event: Event, at: number) => number,
  ): readonly number[] {
    this.#undo = [];
    let broken = -1;
    let result = 0;
    for (const [at, event] of chain.entries()) {
      result = isOpen && at === chain.length - 1 ? linkedEventChainOpen : judge(event, at);
      if (result === 0) continue;
      broken = at;
      break;
    }
    if (broken === -1) return chain.map(() => 0);
    for (const undo of this.#undo.reverse()) undo();
    const id = chain[broken]?.id ?? 0n;
    if (keptResults.has(result)) this.failedIds.add(id);
    const results = chain.map(() => linkedEventFailed);
    results[broken] = result;
    if (isOpen) results[chain.length - 1] = linkedEventChainOpen;
    return results;
  }

  #account(event: NewAccount): number {
    const there = this.accounts.get(event.id);
    const flags = (event.flags ?? 0) & ~AccountFlag.linked;
    if (there !== undefined) {
      const isSame = there.asked.userData32 === event.userData32;
      return isSame ? AccountResult.exists : AccountResult.existsWithDifferentUserData32;
    }
    const none = { debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 0n };
    this.accounts.set(event.id, { asked: event, flags, ...none, isClosed: false });
    this.undoLater(() => this.accounts.delete(event.id));
    return 0;
  }
}
