/** @returns four lanes of 32 bits, the low one first */
export function writeLanes(id: bigint): Uint32Array {
  return Uint32Array.from([0n, 32n, 64n, 96n], (shift) => Number((id >> shift) & 0xffffffffn));
}
