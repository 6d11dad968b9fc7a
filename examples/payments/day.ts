// The payments of a day, drawn from a seed: what is to be done, not how.
import { Prng } from '@quorate/base';
import { AccountFlag, type NewAccount, type NewTransfer, TransferFlag } from '@quorate/ledger';

/** Everything is in cents of one currency. */
const ledger = 1;
export const companies = 20;
export const people = 2000;
export const shops = 100;
const salaryCode = 1;
const cardCode = 2;
const orderCode = 3;
const feeCode = 4;

/** The bank's own account: money comes from it in the morning, and fees go to it. */
export const bank = 1n;
export const companyId = (at: number): bigint => 1000n + BigInt(at);
export const personId = (at: number): bigint => 10_000n + BigInt(at);
export const shopId = (at: number): bigint => 900_000n + BigInt(at);

/** Nobody but the bank can spend what they do not have. */
export function accounts(): NewAccount[] {
  const flags = AccountFlag.debitsMustNotExceedCredits;
  const of = (id: bigint, code: number): NewAccount => ({ id, ledger, code, flags });
  return [
    { id: bank, ledger, code: 1 },
    ...Array.from({ length: companies }, (_, at) => of(companyId(at), 2)),
    ...Array.from({ length: people }, (_, at) => of(personId(at), 3)),
    ...Array.from({ length: shops }, (_, at) => of(shopId(at), 4)),
  ];
}

/** A payment that has one step after the other; each step is one call, all or nothing. */
export type Payment = readonly (readonly NewTransfer[])[];

/** Ids that rise, as a client draws them: the time first, then a number. */
function* ids(): Generator<bigint, never> {
  for (let next = (BigInt(Date.now()) << 80n) + 1n; ; next++) yield next;
}

export class Day {
  readonly #prng: Prng;
  readonly #ids = ids();

  constructor(seed: number) {
    this.#prng = new Prng(seed);
  }

  /** What the companies have at the start. */
  funding(): Payment[] {
    return Array.from({ length: companies }, (_, at) => [
      [this.#transfer(bank, companyId(at), 500_000_00, salaryCode)],
    ]);
  }

  /** Each company pays its people in chains of a hundred: each chain whole, or not at all. */
  salaries(): Payment[] {
    const each = people / companies;
    return Array.from({ length: companies }, (_, company) => {
      const chain = Array.from({ length: each }, (_, at) => {
        const amount = 1_500_00 + this.#prng.below(2_500_00);
        const person = personId(company * each + at);
        const transfer = this.#transfer(companyId(company), person, amount, salaryCode);
        return { ...transfer, flags: at + 1 < each ? TransferFlag.linked : 0 };
      });
      return [chain];
    });
  }

  /** Reserved at the till, then posted, in part or whole, or given back, or forgotten. */
  card(): Payment {
    const person = personId(this.#prng.below(people));
    const shop = shopId(this.#prng.below(shops));
    const amount = 2_00 + this.#prng.below(180_00);
    const reserve = {
      ...this.#transfer(person, shop, amount, cardCode),
      ...{ flags: TransferFlag.pending, timeout: 3 },
    };
    const fate = this.#prng.below(100);
    if (fate < 4) return [[reserve]];
    const id = this.#ids.next().value;
    const settles = { id, debitAccountId: 0n, creditAccountId: 0n, pendingId: reserve.id };
    const common = { ...settles, ledger: 0, code: 0 };
    if (fate < 10)
      return [[reserve], [{ ...common, amount: 0n, flags: TransferFlag.voidPendingTransfer }]];
    const posted = fate < 25 ? BigInt(1 + this.#prng.below(amount)) : 0n;
    return [[reserve], [{ ...common, amount: posted, flags: TransferFlag.postPendingTransfer }]];
  }

  /** A standing order and its fee: both, or neither. */
  order(): Payment {
    const person = personId(this.#prng.below(people));
    const shop = shopId(this.#prng.below(shops));
    const amount = 50_00 + this.#prng.below(900_00);
    const order = this.#transfer(person, shop, amount, orderCode);
    const fee = this.#transfer(person, bank, 25, feeCode);
    return [[{ ...order, flags: TransferFlag.linked }, fee]];
  }

  #transfer(from: bigint, to: bigint, amount: number, code: number): NewTransfer {
    return {
      id: this.#ids.next().value,
      debitAccountId: from,
      creditAccountId: to,
      amount: BigInt(amount),
      ledger,
      code,
    };
  }
}
