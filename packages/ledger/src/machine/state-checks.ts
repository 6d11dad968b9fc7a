import type { BooksState } from '../books/books-state.ts';
import { LedgerError } from '../ledger-error.ts';
import type { StateVote } from './ledger-command.ts';

/** Of the hashes that are made here; those of another form say nothing to this program. */
export const stateForm = 1;
/** Batches between two checks, at all replicas the same ones. */
export const usualBatchesPerCheck = 1024;
/** Accounts that one check looks at; the next one goes on behind them. */
const accountsPerCheck = 65_536;
/** Checks whose votes are still waited for. */
const keptChecks = 16;

interface Check {
  /** Of this replica; null: it has not come to it, or came to it by a snapshot. */
  own: number | null;
  readonly votes: Map<number, number>;
}

/**
 * Replicas that apply the same log have the same state, unless memory, code or a disk has failed
 * them. So each says now and then what it has, in the log; and one that most others contradict
 * stops itself before more is read from it (rule 15).
 */
export class StateChecks {
  readonly #checks = new Map<number, Check>();
  readonly #onChecked: (check: number, hash: number) => void;
  readonly #onDisagreement: (check: number, votes: ReadonlyMap<number, number>) => void;
  readonly #batchesPerCheck: number;

  /**
   * @param onChecked what this replica has found, to be proposed as a vote
   * @param onDisagreement votes differ
   * @param batchesPerCheck between two checks, the same on all replicas
   */
  constructor(
    onChecked: (check: number, hash: number) => void,
    onDisagreement: (check: number, votes: ReadonlyMap<number, number>) => void,
    batchesPerCheck: number,
  ) {
    this.#onChecked = onChecked;
    this.#onDisagreement = onDisagreement;
    this.#batchesPerCheck = batchesPerCheck;
  }

  /** After each batch. */
  batchApplied(state: BooksState): void {
    if (state.batches % this.#batchesPerCheck !== 0) return;
    const check = state.batches / this.#batchesPerCheck;
    const hash = hashState(state, check);
    this.#checkOf(check).own = hash;
    this.#onChecked(check, hash);
  }

  /** The state has come from elsewhere: what was found before is not of it. */
  restored(): void {
    for (const check of this.#checks.values()) check.own = null;
  }

  /** @throws LedgerError LEDGER_STATE_DIVERGED when most replicas say something else */
  vote({ form, check, hash, node, majority }: StateVote): void {
    if (form !== stateForm) return;
    const there = this.#checkOf(check);
    there.votes.set(node, hash);
    const agreeing = [...there.votes.values()].filter((other) => other === hash).length;
    if (agreeing < there.votes.size) this.#onDisagreement(check, there.votes);
    if (there.own === null || there.own === hash || agreeing < majority) return;
    throw new LedgerError(
      'LEDGER_STATE_DIVERGED',
      `check ${check} of the ledger's state gives ${hex(there.own)} here, and ${hex(hash)} at ` +
        `${agreeing} replicas: what this one has is wrong. Look at its memory and disk; then ` +
        'remove this member and add it anew (quorate ledger member remove, member add), and ' +
        'start it with what is printed and an empty data directory',
      { check, own: there.own, majority: hash },
    );
  }

  #checkOf(check: number): Check {
    const there = this.#checks.get(check);
    if (there !== undefined) return there;
    const made: Check = { own: null, votes: new Map() };
    this.#checks.set(check, made);
    for (const old of this.#checks.keys()) if (old <= check - keptChecks) this.#checks.delete(old);
    return made;
  }
}

function hex(hash: number): string {
  return hash.toString(16).padStart(8, '0');
}

/** Counters whole, and of the accounts a window that moves on from check to check. */
function hashState(state: BooksState, check: number): number {
  const { accounts, transfers, statuses, history, ids, timeline } = state;
  const windows = Math.max(1, Math.ceil(accounts.count / accountsPerCheck));
  const from = ((check - 1) % windows) * accountsPerCheck;
  let hash = accounts.hashWindow(from, Math.min(from + accountsPerCheck, accounts.count));
  const last = timeline.last;
  const counters = [accounts.count, transfers.count, statuses.openCount, history.count, ids.count];
  counters.push(Number(last & 0xffffffffn), Number(last >> 32n));
  const expiry = state.nextExpiry() ?? 0n;
  counters.push(Number(expiry & 0xffffffffn), Number(expiry >> 32n));
  for (const counter of counters) {
    hash = Math.imul(hash ^ (counter | 0), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15) ^ Math.floor(counter / 2 ** 32), 0xc2b2ae35);
  }
  return (hash ^ (hash >>> 16)) >>> 0;
}
