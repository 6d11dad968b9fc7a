import type { Prng } from '@quorate/base';
import { AccountFlag } from '../../src/model/account.ts';
import { maxUint128 } from '../../src/model/limits.ts';
import type { AccountEvent } from './books-under-test.ts';
import { drawBits, drawUserData } from './draw-numbers.ts';
import type { IdSource } from './id-source.ts';

/** The code of accounts between which huge amounts are moved. */
const hugeCode = 999;

const usualFlags = [
  0,
  0,
  0,
  0,
  AccountFlag.history,
  AccountFlag.history,
  AccountFlag.debitsMustNotExceedCredits,
  AccountFlag.creditsMustNotExceedDebits,
  AccountFlag.debitsMustNotExceedCredits | AccountFlag.history,
  AccountFlag.creditsMustNotExceedDebits | AccountFlag.history,
];

type Alteration = (event: AccountEvent, prng: Prng) => AccountEvent;

/** Each is one reason to refuse an account that would otherwise be opened. */
const spoils: readonly Alteration[] = [
  (event) => ({ ...event, timestamp: 1n }),
  (event, prng) => ({ ...event, flags: (event.flags ?? 0) | prng.pick([16, 64, 128, 32768]) }),
  (event) => ({ ...event, id: 0n }),
  (event) => ({ ...event, id: maxUint128 }),
  (event) => ({ ...event, flags: 6 }),
  (event) => ({ ...event, debitsPending: 1n }),
  (event) => ({ ...event, debitsPosted: maxUint128 }),
  (event) => ({ ...event, creditsPending: 2n ** 64n }),
  (event) => ({ ...event, creditsPosted: 1n }),
  (event) => ({ ...event, ledger: 0 }),
  (event) => ({ ...event, code: 0 }),
];

/** Each makes a retry one that is not quite the same. */
const alterations: readonly Alteration[] = [
  (event, prng) => ({ ...event, flags: (event.flags ?? 0) ^ prng.pick([1, 2, 4, 8, 32]) }),
  (event) => ({ ...event, userData128: (event.userData128 ?? 0n) ^ (1n << 127n) }),
  (event) => ({ ...event, userData64: (event.userData64 ?? 0n) ^ (1n << 63n) }),
  (event) => ({ ...event, userData32: ((event.userData32 ?? 0) ^ 0x80000000) >>> 0 }),
  (event) => ({ ...event, ledger: (event.ledger % 0xffff_ffff) + 1 }),
  (event) => ({ ...event, code: (event.code + 1) & 0xffff }),
];

/** Draws accounts to be opened, and knows which ones may be there. */
export class AccountSource {
  readonly #prng: Prng;
  readonly #ids: IdSource;
  #usual: AccountEvent[] = [];
  #huge: AccountEvent[] = [];

  constructor(prng: Prng, ids: IdSource) {
    this.#prng = prng;
    this.#ids = ids;
  }

  /** An account as a client may send it. */
  event(): AccountEvent {
    const prng = this.#prng;
    const kind = prng.below(100);
    const known = prng.chance(0.8) ? this.#usual : this.#huge;
    if (kind < 70 || known.length === 0) return this.goodEvent();
    if (kind < 77) return prng.pick(known);
    if (kind < 85) return prng.pick(alterations)(prng.pick(known), prng);
    if (kind < 88) return this.#remember({ ...this.#fresh(), flags: prng.below(64) });
    return prng.pick(spoils)(this.#fresh(), prng);
  }

  /** An account that most probably can be opened. */
  goodEvent(): AccountEvent {
    return this.#remember(this.#fresh());
  }

  /** An account without flags in ledger 1. */
  plainEvent(): AccountEvent {
    const event = { id: this.#ids.next(), ledger: 1, code: 1 };
    this.#usual.push(event);
    return event;
  }

  /** An account that may exist, mostly one of the newest; in `ledger`, if one is there. */
  pick(ledger?: number): AccountEvent {
    return this.#pickFrom(this.#usual, 14, ledger);
  }

  /** One of those that take huge amounts. */
  pickHuge(ledger?: number): AccountEvent {
    return this.#pickFrom(this.#huge, 4, ledger);
  }

  /** Any of all, to use up what the plain mode opened. */
  pickPlain(): AccountEvent {
    return this.#prng.pick(this.#usual);
  }

  /** These were not opened. */
  forget(ids: ReadonlySet<bigint>): void {
    this.#usual = this.#usual.filter(({ id }) => !ids.has(id));
    this.#huge = this.#huge.filter(({ id }) => !ids.has(id));
  }

  #pickFrom(known: readonly AccountEvent[], newest: number, ledger?: number): AccountEvent {
    const fitting = known.filter((event) => ledger === undefined || event.ledger === ledger);
    if (fitting.length === 0) return { id: 12_345n, ledger: ledger ?? 1, code: 1 };
    return this.#prng.pick(this.#prng.chance(0.9) ? fitting.slice(-newest) : fitting);
  }

  #fresh(): AccountEvent {
    const prng = this.#prng;
    const isHuge = prng.chance(0.2);
    const isClosed = prng.chance(0.02);
    return {
      id: prng.chance(0.02) ? drawBits(prng, 4) : this.#ids.next(),
      userData128: drawUserData(prng, 128),
      userData64: drawUserData(prng, 64),
      userData32: Number(drawUserData(prng, 32)),
      ledger: prng.chance(0.8) ? 1 : prng.pick([2, 0xffffffff]),
      code: isHuge ? hugeCode : prng.pick([1, 2, 0xffff]),
      flags:
        (isHuge ? prng.pick([0, AccountFlag.history]) : prng.pick(usualFlags)) |
        (isClosed ? AccountFlag.closed : 0),
    };
  }

  #remember(event: AccountEvent): AccountEvent {
    const known = event.code === hugeCode ? this.#huge : this.#usual;
    known.push(event);
    if (known.length > 1000) known.splice(0, 500);
    return event;
  }
}
