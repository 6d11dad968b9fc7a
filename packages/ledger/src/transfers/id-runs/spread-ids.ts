import { maxBatchEvents } from '../../model/limits.ts';
import { idKey } from './id-order.ts';

/** Ids that differ little are in one of them. */
const bucketCount = 1024;

/**
 * The ids of a batch, roughly in ascending order: so those that are looked for in the same part of
 * a run come together, and that part is in the processor's caches by then.
 */
export class SpreadIds {
  /** Four lanes each. */
  readonly lanes = new Int32Array(maxBatchEvents * 4);
  /** Where in the batch each of them is. */
  readonly rows = new Uint16Array(maxBatchEvents);
  readonly #buckets = new Uint16Array(maxBatchEvents);
  readonly #ends = new Uint32Array(bucketCount);

  /** @param ids four lanes each */
  arrange(ids: Int32Array, count: number): void {
    let least = Number.POSITIVE_INFINITY;
    let most = 0;
    for (let row = 0; row < count; row++) {
      const key = idKey(ids[row * 4 + 2] as number, ids[row * 4 + 3] as number);
      if (key < least) least = key;
      if (key > most) most = key;
    }
    const scale = most === least ? 0 : (bucketCount - 1) / (most - least);
    const buckets = this.#buckets;
    const ends = this.#ends.fill(0);
    for (let row = 0; row < count; row++) {
      const key = idKey(ids[row * 4 + 2] as number, ids[row * 4 + 3] as number);
      const bucket = ((key - least) * scale) | 0;
      buckets[row] = bucket;
      ends[bucket] = (ends[bucket] as number) + 1;
    }
    for (let bucket = 1; bucket < bucketCount; bucket++)
      ends[bucket] = (ends[bucket] as number) + (ends[bucket - 1] as number);
    const { rows, lanes } = this;
    for (let row = 0; row < count; row++) {
      const bucket = buckets[row] as number;
      const at = (ends[bucket] as number) - 1;
      ends[bucket] = at;
      rows[at] = row;
      for (let lane = 0; lane < 4; lane++) lanes[at * 4 + lane] = ids[row * 4 + lane] as number;
    }
  }
}
