import { hashUint128 } from '../../numbers/uint128.ts';

/** Ids that are looked for at a time: what is looked at for them has room in a small cache. */
export const idsTogether = 256;

/**
 * @param ids four lanes each
 * @param hashes gets those of the first `count`, as `hashUint128` gives them
 * @returns `hashes`
 */
export function hashIds(
  ids: Int32Array,
  count: number,
  seed: number,
  hashes: Int32Array,
): Int32Array {
  for (let i = 0; i < count; i++)
    hashes[i] = hashUint128(
      ids[i * 4] as number,
      ids[i * 4 + 1] as number,
      ids[i * 4 + 2] as number,
      ids[i * 4 + 3] as number,
      seed,
    );
  return hashes;
}
