import type { Prng } from '@quorate/base';
import type { Account } from '../../src/model/account.ts';
import type { Transfer } from '../../src/model/transfer.ts';
import type { AccountFilter, QueryFilter } from '../../src/queries/filters.ts';

/** Draws filters that mostly find something: their fields are those of what is there. */
export class FilterSource {
  readonly #prng: Prng;
  readonly #found: readonly (Account | Transfer)[];

  /** @param found what values are taken from; one at least, oldest first */
  constructor(prng: Prng, found: readonly (Account | Transfer)[]) {
    this.#prng = prng;
    this.#found = found;
  }

  /** For accounts or transfers of any account. */
  query(): QueryFilter {
    const prng = this.#prng;
    const one = prng.pick(this.#found);
    const fields = this.#fields(one);
    return prng.chance(0.4) ? { ...fields, ledger: one.ledger } : fields;
  }

  /** For the transfers of an account. */
  ofAccount(accountId: bigint): AccountFilter {
    const prng = this.#prng;
    const own = this.#found.filter((one) => isOf(one, accountId));
    const fields = this.#fields(prng.pick(own.length > 0 ? own : this.#found));
    const sides = prng.below(4);
    if (sides > 1) return { ...fields, accountId };
    return { ...fields, accountId, debits: sides === 0, credits: sides === 1 };
  }

  #fields(one: Account | Transfer): Omit<QueryFilter, 'ledger'> {
    const prng = this.#prng;
    return {
      ...(prng.chance(0.2) && { userData128: one.userData128 }),
      ...(prng.chance(0.2) && { userData64: one.userData64 }),
      ...(prng.chance(0.2) && { userData32: one.userData32 }),
      ...(prng.chance(0.3) && { code: one.code }),
      ...this.#times(),
      ...(prng.chance(0.6) && { limit: prng.pick([1, 2, 10, 100, 1000, 8190]) }),
      ...(prng.chance(0.5) && { reversed: true }),
    };
  }

  #times(): { timestampMin?: bigint; timestampMax?: bigint } {
    const prng = this.#prng;
    const draw = (): bigint => prng.pick(this.#found).timestamp + BigInt(prng.between(-1, 1));
    const [one, other] = [draw(), draw()];
    const kind = prng.below(6);
    if (kind === 0) return { timestampMin: one };
    if (kind === 1) return { timestampMax: one };
    if (kind === 2) return { timestampMin: one, timestampMax: one };
    if (kind > 3) return {};
    return one < other
      ? { timestampMin: one, timestampMax: other }
      : { timestampMin: other, timestampMax: one };
  }
}

function isOf(one: Account | Transfer, accountId: bigint): boolean {
  return 'amount' in one && (one.debitAccountId === accountId || one.creditAccountId === accountId);
}
