import type { Prng } from '@quorate/base';
import { AccountFlag } from '../../src/model/account.ts';
import { TransferFlag } from '../../src/model/transfer.ts';
import type { AccountEvent, TransferEvent } from './books-under-test.ts';
import { drawAmount, drawHugeAmount, drawUserData } from './draw-numbers.ts';
import type { IdSource } from './id-source.ts';
import { alterations, spoils } from './transfer-alterations.ts';

/** What most events of a batch do. */
const tasks = ['move', 'move', 'reserve', 'settle', 'mix'] as const;
type Task = (typeof tasks)[number];

const { linked, pending, balancingDebit, balancingCredit } = TransferFlag;
const { postPendingTransfer, voidPendingTransfer } = TransferFlag;
const { history, debitsMustNotExceedCredits, creditsMustNotExceedDebits } = AccountFlag;
const accountFlags = [0, 0, 0, 0, 0, history, debitsMustNotExceedCredits];
const wideFlags = [0, 0, history, creditsMustNotExceedDebits];
/** Seconds; days are what it takes to expire from a chunk that has been sealed meanwhile. */
const timeouts = [0, 0, 1, 2, 60, 3600, 86_400, 604_800, 604_800, 0xffffffff];
/** Pending transfers that may still be settled; then the oldest are forgotten. */
const mostReserved = 40_000;
/** Transfers of all the time that are sent once more at times. */
const mostOld = 3000;

interface Style {
  readonly task: Task;
  readonly accounts: readonly bigint[];
  readonly amount: () => bigint;
  readonly hasUserData: boolean;
  readonly hasTrouble: boolean;
  readonly timeout: number | null;
}

/**
 * Draws batches as large as they come, whose events mostly succeed: what fills chunks with
 * transfers, and settles some of a long time ago.
 */
export class BulkSource {
  readonly #prng: Prng;
  readonly #ids: IdSource;
  readonly #accountIds: IdSource;
  /** Between the first small amounts are moved, between the others any. */
  readonly #narrow: bigint[] = [];
  readonly #wide: bigint[] = [];
  readonly #reserved: TransferEvent[] = [];
  readonly #old: TransferEvent[] = [];
  #drawn = 0;
  #linksLeft = 0;

  constructor(prng: Prng, ids: IdSource, accountIds: IdSource) {
    this.#prng = prng;
    this.#ids = ids;
    this.#accountIds = accountIds;
  }

  /** Accounts in ledger 1. */
  accountEvents(size: number): readonly AccountEvent[] {
    const prng = this.#prng;
    return Array.from({ length: size }, () => {
      const isWide = prng.chance(0.2);
      const id = this.#accountIds.next();
      (isWide ? this.#wide : this.#narrow).push(id);
      const code = isWide ? 6 : 5;
      return { id, ledger: 1, code, flags: prng.pick(isWide ? wideFlags : accountFlags) };
    });
  }

  /** Transfers, mostly of one kind; some accounts have to have been drawn before. */
  transferEvents(size: number): readonly TransferEvent[] {
    const style = this.#style();
    this.#linksLeft = 0;
    const events = Array.from({ length: size }, (_, at) => this.#event(style, size - at));
    for (const event of events) this.#keepOld(event);
    if (this.#reserved.length > mostReserved) this.#reserved.splice(0, mostReserved / 2);
    return events;
  }

  #style(): Style {
    const prng = this.#prng;
    const isWide = prng.chance(0.2) && this.#wide.length > 1;
    const from = isWide ? this.#wide : this.#narrow;
    const size = prng.pick([2, 10, 40, 400]);
    const [low, high] = [BigInt(prng.between(1, 50)), prng.between(50, 10_000)];
    const small = (): bigint => low + BigInt(prng.below(high));
    const wide = (): bigint => (prng.chance(0.9) ? drawAmount(prng) : drawHugeAmount(prng));
    return {
      task: prng.pick(tasks),
      accounts: Array.from({ length: size }, () => prng.pick(from)),
      amount: isWide ? wide : small,
      hasUserData: prng.chance(0.4),
      hasTrouble: prng.chance(0.4),
      timeout: prng.chance(0.3) ? prng.pick(timeouts) : null,
    };
  }

  #event(style: Style, left: number): TransferEvent {
    const prng = this.#prng;
    if (style.hasTrouble && prng.chance(0.004)) return this.#trouble(style);
    const task = style.task === 'mix' ? prng.pick(tasks) : style.task;
    if (task === 'settle' && this.#reserved.length > 0) return this.#settlement(style);
    const event = this.#movement(style);
    if (task === 'reserve') {
      const timeout = style.timeout ?? prng.pick(timeouts);
      const reservation = { ...event, flags: pending, timeout };
      this.#reserved.push(reservation);
      return reservation;
    }
    return task === 'mix' ? this.#unusual(event, left) : event;
  }

  #movement({ accounts, amount, hasUserData }: Style): TransferEvent {
    const prng = this.#prng;
    const debitAccountId = prng.pick(accounts);
    let creditAccountId = prng.pick(accounts);
    for (let tries = 0; creditAccountId === debitAccountId && tries < 5; tries++)
      creditAccountId = prng.pick(accounts);
    const accountIds = { debitAccountId, creditAccountId };
    const event = { id: this.#ids.next(), ...accountIds, amount: amount(), ledger: 1, code: 1 };
    return hasUserData ? { ...event, ...this.#userData(), code: prng.between(1, 3) } : event;
  }

  #userData(): Pick<TransferEvent, 'userData128' | 'userData64' | 'userData32'> {
    const prng = this.#prng;
    return {
      userData128: drawUserData(prng, 128),
      userData64: drawUserData(prng, 64),
      userData32: Number(drawUserData(prng, 32)),
    };
  }

  /** One that balances, or one of a chain. */
  #unusual(event: TransferEvent, left: number): TransferEvent {
    const prng = this.#prng;
    if (this.#linksLeft === 0 && prng.chance(0.1))
      this.#linksLeft = prng.between(1, prng.chance(0.1) ? 300 : 6);
    if (this.#linksLeft > 0 && left > 1) {
      this.#linksLeft--;
      return { ...event, flags: linked };
    }
    if (!prng.chance(0.05)) return event;
    return { ...event, flags: prng.pick([balancingDebit, balancingCredit]) };
  }

  /** Posts or voids any of those that were reserved, however long ago. */
  #settlement({ hasUserData }: Style): TransferEvent {
    const prng = this.#prng;
    const reserved = this.#reserved;
    const at = prng.below(reserved.length);
    const of = reserved[at] as TransferEvent;
    const last = reserved.pop();
    if (last !== undefined && at < reserved.length) reserved[at] = last;
    if (prng.chance(0.1)) reserved.push(of);
    const isPost = prng.chance(0.6);
    const isPart = isPost && prng.chance(0.2);
    return {
      id: this.#ids.next(),
      ...{ debitAccountId: 0n, creditAccountId: 0n, ledger: 0, code: 0 },
      amount: isPart ? (of.amount + 1n) / 2n : 0n,
      pendingId: of.id,
      ...(hasUserData && this.#userData()),
      flags: isPost ? postPendingTransfer : voidPendingTransfer,
    };
  }

  /** Sent once before, perhaps not quite like this; or one that nobody can carry out. */
  #trouble(style: Style): TransferEvent {
    const prng = this.#prng;
    const kind = prng.below(4);
    if (kind === 0 || this.#old.length === 0) return prng.pick(spoils)(this.#movement(style), prng);
    const old = prng.pick(this.#old);
    return kind === 1 ? prng.pick(alterations)(old, prng) : old;
  }

  /** Any that was ever drawn stays with the same probability. */
  #keepOld(event: TransferEvent): void {
    const at = this.#prng.below(++this.#drawn);
    if (this.#old.length < mostOld) this.#old.push(event);
    else if (at < mostOld) this.#old[at] = event;
  }
}
