/** Of times in milliseconds. */
export interface Spread {
  readonly count: number;
  readonly minMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** By nearest rank: p99 of fewer than a hundred is the longest of all. Zeros when there is none. */
export function spreadOf(times: readonly number[]): Spread {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (share: number): number => {
    return roundTo(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0, 1);
  };
  return { count: sorted.length, minMs: at(0), p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

export function describeSpread({ count, minMs, p50Ms, p99Ms, maxMs }: Spread): string {
  return `p50 ${p50Ms} ms, p99 ${p99Ms} ms, from ${minMs} to ${maxMs} ms in ${count} rounds`;
}

export function roundTo(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
