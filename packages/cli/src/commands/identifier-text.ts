/** @returns an id as all commands print it and take it */
export function leaseText(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16).padStart(16, '0');
}
