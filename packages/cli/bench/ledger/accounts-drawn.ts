import { Prng } from '@quorate/base';

/** Draws this many in advance; a load goes through them again and again. */
const drawnCount = 1 << 20;

/** Pairs of different accounts, numbered from 0: `[debit, credit, debit, ...]`. */
export type Pairs = Int32Array;

/** @param skew 0: every account is as likely; 0.99: as Zipf's law has it */
export function drawPairs(accounts: number, skew: number, seed: number): Pairs {
  const prng = new Prng(seed);
  const draw = skew === 0 ? () => prng.below(accounts) : zipf(accounts, skew, prng);
  const pairs = new Int32Array(drawnCount * 2);
  for (let at = 0; at < pairs.length; at += 2) {
    const debit = draw();
    let credit = draw();
    while (credit === debit) credit = draw();
    pairs[at] = debit;
    pairs[at + 1] = credit;
  }
  return pairs;
}

/** What the transfer before `at` in the pairs moves: 1 to 50,000. */
export function amountBefore(at: number): number {
  return ((at * 7919) % 50_000) + 1;
}

function zipf(accounts: number, skew: number, prng: Prng): () => number {
  const sums = new Float64Array(accounts);
  let sum = 0;
  for (let rank = 0; rank < accounts; rank++) {
    sum += 1 / (rank + 1) ** skew;
    sums[rank] = sum;
  }
  return () => {
    const wanted = (prng.below(2 ** 32) / 2 ** 32) * sum;
    let low = 0;
    let high = accounts - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
