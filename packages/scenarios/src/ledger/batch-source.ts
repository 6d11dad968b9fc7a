import { assert, type Prng } from '@quorate/base';
import {
  AccountBatchBuilder,
  AccountFlag,
  type NewAccount,
  type NewTransfer,
  TransferBatchBuilder,
  TransferFlag,
} from '@quorate/ledger';
import type { BatchEvents, SentBatch } from './sent-batch.ts';

const { linked, pending, postPendingTransfer, voidPendingTransfer } = TransferFlag;
const { balancingDebit, balancingCredit, closingDebit, closingCredit } = TransferFlag;
/** An account of these takes up to what it has, or gives up to it. */
const limits = [AccountFlag.debitsMustNotExceedCredits, AccountFlag.creditsMustNotExceedDebits];
/** Beyond what a double holds exactly. */
const hugeAmount = 2n ** 60n;
const mostEvents = 64;
const remembered = 60;

export interface BatchSourceOptions {
  readonly accounts: number;
  /** In one batch, at most. */
  readonly events: number;
  readonly prng: Prng;
}

/** What clients ask of the books, all of them from the same accounts and pending transfers. */
export class BatchSource {
  /** By key. */
  readonly sent = new Map<string, SentBatch>();
  readonly #accounts: readonly Omit<NewAccount, 'userData32'>[];
  readonly #events: number;
  readonly #accountBuilder = new AccountBatchBuilder(mostEvents);
  readonly #transferBuilder = new TransferBatchBuilder(mostEvents);
  readonly #transfers: NewTransfer[] = [];
  readonly #pending: NewTransfer[] = [];
  #batches = 0;

  constructor({ accounts, events, prng }: BatchSourceOptions) {
    assert(events <= mostEvents, 'the builders have room for a batch');
    this.#events = events;
    this.#accounts = Array.from({ length: accounts }, (_, at) => {
      const flags = at === 0 ? 0 : prng.pick([0, 0, 0, AccountFlag.history, ...limits]);
      const id = prng.chance(0.7) ? BigInt(at + 1) : 2n ** 100n + BigInt(at) * 7919n;
      return { id, ledger: at >= 4 && prng.chance(0.2) ? 2 : 1, code: 1, flags };
    });
  }

  /** @param prng the client's */
  draw(prng: Prng): SentBatch {
    this.#batches += 1;
    const isOfAccounts = this.#batches === 1 || prng.chance(this.#batches < 8 ? 0.5 : 0.06);
    return isOfAccounts ? this.#drawAccounts(prng) : this.#drawTransfers(prng);
  }

  #drawAccounts(prng: Prng): SentBatch {
    const userData32 = this.#batches;
    const count = Math.min(this.#accounts.length, prng.between(1, 8));
    const isChained = prng.chance(0.2);
    const events = prng.shuffle(this.#accounts).slice(0, count);
    const asked = events.map((account, at) => {
      const isLinked = isChained && (at < count - 1 || prng.chance(0.1));
      return { ...account, userData32, flags: (account.flags ?? 0) | (isLinked ? linked : 0) };
    });
    this.#accountBuilder.clear();
    for (const event of asked) this.#accountBuilder.add(event);
    const bytes = this.#accountBuilder.encode();
    return this.#note(`accounts ${userData32}`, { kind: 'accounts', events: asked }, bytes);
  }

  #drawTransfers(prng: Prng): SentBatch {
    const count = prng.between(1, this.#events);
    const isPlain = prng.chance(0.4);
    const chance = prng.pick([0, 0, 0.5]);
    // One behind the other: a batch's ids are a run, unless some of it was sent before.
    const firstId = BigInt(this.#batches) * 1000n + (prng.chance(0.5) ? 2n ** 70n : 0n);
    const events: NewTransfer[] = [];
    for (let at = 0; at < count; at++) {
      const id = firstId + BigInt(at);
      const event = isPlain ? this.#plain(id, 0, prng) : this.#any(id, at === 0, prng);
      const isLinked = !isPlain && prng.chance(chance) && (at < count - 1 || prng.chance(0.1));
      const flags = event.flags ?? 0;
      events.push(isLinked ? { ...event, flags: flags | linked } : event);
    }
    for (const event of events) {
      remember(this.#transfers, event);
      if (((event.flags ?? 0) & pending) !== 0) remember(this.#pending, event);
    }
    this.#transferBuilder.clear();
    for (const event of events) this.#transferBuilder.add(event);
    const bytes = this.#transferBuilder.encode();
    return this.#note(`transfers ${firstId}`, { kind: 'transfers', events }, bytes);
  }

  #note(key: string, events: BatchEvents, bytes: Uint8Array): SentBatch {
    const batch = { key, bytes, attempts: 0, refusals: 0, ...events };
    this.sent.set(key, batch);
    return batch;
  }

  /** @param isFirst by its id the batch is known, so it is a new one */
  #any(id: bigint, isFirst: boolean, prng: Prng): NewTransfer {
    const dice = prng.float();
    if (dice < 0.35) return this.#plain(id, 0, prng);
    if (dice < 0.55) return { ...this.#plain(id, pending, prng), timeout: drawTimeout(prng) };
    if (dice < 0.78) return this.#settling(id, prng);
    if (dice < 0.87) {
      const flags = prng.pick([balancingDebit, balancingCredit, balancingDebit | balancingCredit]);
      return this.#plain(id, flags | (prng.chance(0.3) ? pending : 0), prng);
    }
    if (dice < 0.874) {
      const flags = pending | prng.pick([closingDebit, closingCredit]);
      return { ...this.#plain(id, flags, prng), timeout: 1 };
    }
    const before = this.#transfers.length === 0 ? null : prng.pick(this.#transfers);
    if (isFirst || before === null) return this.#plain(id, 0, prng);
    return dice < 0.97 ? before : { ...before, amount: before.amount + 1n };
  }

  #plain(id: bigint, flags: number, prng: Prng): NewTransfer {
    const accounts = this.#accounts;
    const [hot] = accounts;
    const isHot = hot !== undefined && prng.chance(0.5);
    const one = isHot ? hot : prng.pick(accounts);
    const others = accounts.filter(({ id: other, ledger }) => {
      return other !== one.id && ledger === one.ledger;
    });
    const other = others.length === 0 ? this.#stranger(one) : prng.pick(others);
    const [debit, credit] = prng.chance(0.5) ? [one, other] : [other, one];
    const amount = prng.chance(0.03) ? hugeAmount : BigInt(prng.between(1, 100));
    const { id: debitAccountId, ledger } = debit;
    return { id, debitAccountId, creditAccountId: credit.id, amount, ledger, code: 1, flags };
  }

  /** An account that nobody opens. */
  #stranger({ ledger }: Pick<NewAccount, 'ledger'>): Omit<NewAccount, 'userData32'> {
    return { id: 2n ** 90n, ledger, code: 1 };
  }

  #settling(id: bigint, prng: Prng): NewTransfer {
    if (this.#pending.length === 0) return this.#plain(id, 0, prng);
    const of = prng.chance(0.97) ? prng.pick(this.#pending) : prng.pick(this.#transfers);
    const isPost = prng.chance(0.6);
    const part = of.amount > 1n && prng.chance(0.4) ? of.amount - 1n : of.amount;
    const names = prng.chance(0.5);
    return {
      id,
      pendingId: of.id,
      debitAccountId: names ? of.debitAccountId : 0n,
      creditAccountId: names ? of.creditAccountId : 0n,
      amount: prng.chance(0.5) ? 0n : part,
      ledger: names ? of.ledger : 0,
      code: 0,
      flags: isPost ? postPendingTransfer : voidPendingTransfer,
    };
  }
}

/** In seconds; runs are short. */
function drawTimeout(prng: Prng): number {
  return prng.pick([0, 1, 1, 1, 2, 3600]);
}

function remember(list: NewTransfer[], event: NewTransfer): void {
  list.push(event);
  if (list.length > remembered) list.shift();
}
