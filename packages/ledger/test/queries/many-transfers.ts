import assert from 'node:assert/strict';
import type { Prng } from '@quorate/base';
import type { Transfer } from '../../src/model/transfer.ts';
import { chunkRows } from '../../src/transfers/transfer-chunk.ts';
import { BooksAdapter } from '../books-adapter.ts';
import { drawBits } from '../oracle/draw-numbers.ts';

const accounts = 50;
/** The account that one half of all transfers debits. */
export const hotAccount = 1n;
/** Accounts of which one transfer in some ten thousand credits one. */
export const coldAccounts = [51n, 52n, 53n];

const batchEvents = 8190;

type Fields = Pick<Transfer, 'userData128' | 'userData64' | 'userData32' | 'code'>;

/** Draws the columns of one chunk, each chunk's otherwise, so that they come in other forms. */
const forms: readonly ((prng: Prng, row: number) => Fields)[] = [
  (prng, row) => ({
    userData128: drawBits(prng, 128),
    userData64: 1n << 60n,
    userData32: row + 1,
    code: 1,
  }),
  (prng) => ({
    userData128: BigInt(prng.below(3)),
    userData64: 2n ** 63n + drawBits(prng, 40),
    userData32: prng.between(1, 2 ** 24),
    code: prng.between(1, 3),
  }),
  (prng, row) => ({
    userData128: (1n << 100n) + drawBits(prng, 70),
    userData64: BigInt(prng.below(200)),
    userData32: prng.below(2) * (2 ** 32 - 1),
    code: row % 1000 === 0 ? 65_535 : 2,
  }),
];

/** Books with plain transfers, and what is known of these. */
export class ManyTransfers {
  readonly books = new BooksAdapter();
  readonly transfers: Transfer[] = [];
  readonly #prng: Prng;
  #micros = 1_700_000_000_000_000;

  constructor(prng: Prng) {
    this.#prng = prng;
    const all = Array.from({ length: accounts + coldAccounts.length }, (_, i) => BigInt(i + 1));
    const events = all.map((id) => ({ id, ledger: 1, code: 1 }));
    this.books.createAccounts(events, this.#micros);
  }

  /** Carries out a full batch. */
  addBatch(): void {
    const prng = this.#prng;
    const from = this.transfers.length;
    const events = Array.from({ length: batchEvents }, (_, i) => this.#draw(from + i));
    this.#micros += prng.pick([1, 100, 1_000_000]);
    const { timestamp, results } = this.books.createTransfers(events, this.#micros);
    assert.ok(results.every((result) => result === 0));
    const unsaid = { pendingId: 0n, timeout: 0, flags: 0 };
    for (const [i, event] of events.entries())
      this.transfers.push({ ...event, ...unsaid, timestamp: timestamp + BigInt(i) });
  }

  #draw(position: number): Omit<Transfer, 'pendingId' | 'timeout' | 'flags' | 'timestamp'> {
    const prng = this.#prng;
    const form = forms[Math.floor(position / chunkRows) % forms.length] as (typeof forms)[0];
    const isCold = prng.chance(0.0001);
    const debit = prng.chance(0.5) ? hotAccount : BigInt(prng.between(1, accounts));
    const credit = isCold ? prng.pick(coldAccounts) : BigInt(prng.between(1, accounts - 1));
    return {
      id: 1_000_000n + BigInt(position),
      debitAccountId: debit,
      creditAccountId: credit === debit ? credit + 1n : credit,
      amount: BigInt(prng.between(1, 1000)),
      ledger: 1,
      ...form(prng, position % chunkRows),
    };
  }
}
