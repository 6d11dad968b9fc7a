import type { Init, ledger } from '@quorate/schema';

const lowBits = 2n ** 64n - 1n;

/** @returns the number; 0 where the field was left out */
export function uint128FromWire(wire: Init<ledger.Uint128> | null | undefined): bigint {
  if (wire === null || wire === undefined) return 0n;
  const { low = 0n, high = 0n } = wire;
  return (high << 64n) | low;
}

/** @returns null for 0, which is left out */
export function uint128ToWire(value: bigint): ledger.Uint128 | null {
  return value === 0n ? null : { low: value & lowBits, high: value >> 64n };
}
