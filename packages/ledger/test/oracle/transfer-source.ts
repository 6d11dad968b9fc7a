import type { Prng } from '@quorate/base';
import { TransferFlag } from '../../src/model/transfer.ts';
import type { AccountSource } from './account-source.ts';
import type { TransferEvent } from './books-under-test.ts';
import { drawAmount, drawBelow, drawHugeAmount, drawUserData } from './draw-numbers.ts';
import type { IdSource } from './id-source.ts';
import { alterations, spoils } from './transfer-alterations.ts';

const { pending, balancingDebit, balancingCredit, closingDebit, closingCredit } = TransferFlag;
const balancing = [balancingDebit, balancingCredit, balancingDebit | balancingCredit];
const closing = [closingDebit, closingCredit, closingDebit | closingCredit];

/** Draws transfers, and knows which it has drawn. */
export class TransferSource {
  readonly #prng: Prng;
  readonly #ids: IdSource;
  readonly #accounts: AccountSource;
  #sent: TransferEvent[] = [];
  #pending: TransferEvent[] = [];

  constructor(prng: Prng, ids: IdSource, accounts: AccountSource) {
    this.#prng = prng;
    this.#ids = ids;
    this.#accounts = accounts;
  }

  /** A transfer as a client may send it. */
  event(): TransferEvent {
    const prng = this.#prng;
    const kind = prng.below(100);
    if (kind < 70 || this.#sent.length === 0) return this.#fresh();
    if (kind < 76) return this.#pickSent();
    if (kind < 85) return prng.pick(alterations)(this.#pickSent(), prng);
    return prng.pick(spoils)(this.#fresh(), prng);
  }

  /** A transfer that can mostly be carried out. */
  goodEvent(): TransferEvent {
    const kind = this.#prng.below(10);
    if (kind < 2) return this.#noted(this.#withTimeout(this.#usual(pending)));
    return kind < 4 ? this.#resolution() : this.#usual(0);
  }

  /** A transfer that moves a small amount between accounts that are there; hardly ever a retry. */
  plainEvent(): TransferEvent {
    const prng = this.#prng;
    if (prng.chance(0.003) && this.#sent.length > 0) return this.#pickSent();
    const debitAccountId = this.#accounts.pickPlain().id;
    const other = this.#accounts.pickPlain().id;
    const creditAccountId = other === debitAccountId && prng.chance(0.9) ? other + 1n : other;
    const amount = BigInt(prng.between(1, prng.chance(0.01) ? 2 ** 50 : 1000));
    return { id: this.#ids.next(), debitAccountId, creditAccountId, amount, ledger: 1, code: 1 };
  }

  /** What was sent in the end can be sent again. */
  remember(events: readonly TransferEvent[]): void {
    for (const event of events) this.#sent.push(event);
    if (this.#sent.length > 20_000) this.#sent.splice(0, 10_000);
    if (this.#pending.length > 500) this.#pending.splice(0, 250);
  }

  /** These were not carried out, and cannot be posted. */
  forget(ids: ReadonlySet<bigint>): void {
    this.#pending = this.#pending.filter(({ id }) => !ids.has(id));
  }

  #pickSent(): TransferEvent {
    return this.#prng.pick(this.#prng.chance(0.7) ? this.#sent.slice(-100) : this.#sent);
  }

  #fresh(): TransferEvent {
    const prng = this.#prng;
    const kind = prng.below(100);
    if (kind < 32) return this.#usual(0);
    if (kind < 52) return this.#noted(this.#withTimeout(this.#usual(pending)));
    if (kind < 74) return this.#resolution();
    if (kind < 80) return this.#usual(prng.pick(balancing));
    if (kind < 82)
      return this.#noted(this.#withTimeout(this.#usual(pending | prng.pick(balancing))));
    if (kind < 83) return this.#closing();
    if (kind < 88) return this.#ofAnyFlags();
    return this.#huge();
  }

  #usual(flags: number): TransferEvent & { readonly flags: number } {
    const prng = this.#prng;
    const debit = this.#accounts.pick(prng.chance(0.9) ? 1 : undefined);
    const ledger = prng.chance(0.98) ? debit.ledger : undefined;
    let credit = this.#accounts.pick(ledger);
    for (let tries = 0; credit.id === debit.id && tries < 5; tries++) {
      credit = this.#accounts.pick(ledger);
    }
    const event = {
      id: this.#ids.next(),
      debitAccountId: debit.id,
      creditAccountId: credit.id,
      amount: drawAmount(prng),
      ledger: debit.ledger,
      code: prng.pick([1, 2, 0xffff]),
      flags,
    };
    if (prng.chance(0.5)) return event;
    return {
      ...event,
      userData128: drawUserData(prng, 128),
      userData64: drawUserData(prng, 64),
      userData32: Number(drawUserData(prng, 32)),
    };
  }

  #withTimeout(event: TransferEvent): TransferEvent {
    const kind = this.#prng.below(10);
    if (kind < 4) return event;
    const timeout = kind < 9 ? this.#prng.between(1, 5) : this.#prng.pick([60, 86_400, 0xffffffff]);
    return { ...event, timeout };
  }

  #ofAnyFlags(): TransferEvent {
    const event = this.#usual(this.#prng.below(256));
    const closes = (event.flags & (closingDebit | closingCredit)) !== 0;
    return closes ? { ...event, timeout: 1 } : this.#withTimeout(event);
  }

  /** Mostly not for long, or soon no account would be left. */
  #closing(): TransferEvent {
    const prng = this.#prng;
    const event = this.#usual(pending | prng.pick(closing));
    return this.#noted({ ...event, timeout: prng.pick([0, 1, 1, 1, 1, 2]) });
  }

  #huge(): TransferEvent {
    const prng = this.#prng;
    const debit = this.#accounts.pickHuge();
    const event = {
      ...this.#usual(prng.chance(0.5) ? pending : 0),
      debitAccountId: debit.id,
      creditAccountId: this.#accounts.pickHuge(debit.ledger).id,
      amount: drawHugeAmount(prng),
      ledger: debit.ledger,
    };
    return event.flags === pending ? this.#noted(this.#withTimeout(event)) : event;
  }

  /** Whatever is pending may be posted by the next event already. */
  #noted(event: TransferEvent): TransferEvent {
    this.#pending.push(event);
    return event;
  }

  #resolution(): TransferEvent {
    const prng = this.#prng;
    if (this.#sent.length === 0 || this.#pending.length === 0) return this.#usual(0);
    const isPost = prng.chance(0.6);
    const of = prng.chance(0.95)
      ? prng.pick(this.#pending.slice(prng.chance(0.7) ? -12 : -200))
      : this.#pickSent();
    const event = {
      id: this.#ids.next(),
      debitAccountId: prng.chance(0.5) ? 0n : of.debitAccountId,
      creditAccountId: prng.chance(0.5) ? 0n : of.creditAccountId,
      amount: this.#amountOf(of, isPost),
      pendingId: of.id,
      userData128: drawUserData(prng, 128),
      userData64: drawUserData(prng, 64),
      userData32: Number(drawUserData(prng, 32)),
      ledger: prng.chance(0.5) ? 0 : of.ledger,
      code: prng.chance(0.5) ? 0 : of.code,
      flags: isPost ? TransferFlag.postPendingTransfer : TransferFlag.voidPendingTransfer,
    };
    if (prng.chance(0.95)) return event;
    const [a, b] = [this.#accounts.pick().id, this.#accounts.pick().id];
    return { ...event, debitAccountId: a, creditAccountId: b };
  }

  #amountOf(of: TransferEvent, isPost: boolean): bigint {
    const kind = this.#prng.below(10);
    if (kind < 5) return 0n;
    if (kind < 7 || (!isPost && kind < 9)) return of.amount;
    return kind < 9 ? drawBelow(this.#prng, of.amount + 1n) : drawAmount(this.#prng);
  }
}
