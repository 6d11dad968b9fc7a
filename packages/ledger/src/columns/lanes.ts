/* A number of 128 bits as four lanes of 32 bits, the lowest first. */

/** @param at of the lowest of four lanes */
export function uint128FromLanes(lanes: Uint32Array, at: number): bigint {
  const low = BigInt(lanes[at] as number) | (BigInt(lanes[at + 1] as number) << 32n);
  const high = BigInt(lanes[at + 2] as number) | (BigInt(lanes[at + 3] as number) << 32n);
  return low | (high << 64n);
}

/** @param value from 0 to 2^128 - 1 */
export function uint128ToLanes(value: bigint, lanes: Uint32Array, at: number): void {
  lanes[at] = Number(value & 0xffffffffn);
  lanes[at + 1] = Number((value >> 32n) & 0xffffffffn);
  lanes[at + 2] = Number((value >> 64n) & 0xffffffffn);
  lanes[at + 3] = Number(value >> 96n);
}

/** Exact below 2^53, the nearest that there is above. */
export function numberFromLanes(lanes: Uint32Array, at: number): number {
  const high = (lanes[at + 3] as number) * 2 ** 96 + (lanes[at + 2] as number) * 2 ** 64;
  return high + ((lanes[at + 1] as number) * 2 ** 32 + (lanes[at] as number));
}

/** How many bytes the number needs, 0 to 16. */
export function bytesInLanes(lanes: Uint32Array, at: number): number {
  for (let lane = 3; lane >= 0; lane--) {
    const bits = 32 - Math.clz32(lanes[at + lane] as number);
    if (bits > 0) return lane * 4 + ((bits + 7) >> 3);
  }
  return 0;
}
