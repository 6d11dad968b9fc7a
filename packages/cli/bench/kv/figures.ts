/** What one load brought, as a client sees it. */
export interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The longest time in which no operation of any client was answered, milliseconds. */
  readonly longestGapMs: number;
  /** Operations that failed or whose outcome is unknown; the other figures leave them out. */
  readonly errors: number;
}

/** With what it cost the servers. */
export interface MeasuredFigures extends Figures {
  /**
   * Processor time of all members together for one operation, microseconds; 0 where it cannot be
   * had. Other work on the machine changes it little.
   */
  readonly serverMicros: number;
}

/** @param sorted ascending; 0 when it is empty */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >>> 1;
  if (sorted.length % 2 === 1) return sorted[middle] ?? 0;
  return ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

export function roundTo(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

export function describeFigures(figures: MeasuredFigures): string {
  const { perSecond, p50Ms, p99Ms, serverMicros, errors } = figures;
  const words = [
    `${Math.round(perSecond).toString().padStart(6)}/s`,
    `p50 ${p50Ms.toFixed(2)} ms`,
    `p99 ${p99Ms.toFixed(2)} ms`,
  ];
  if (serverMicros > 0) words.push(`servers ${Math.round(serverMicros)} us each`);
  if (errors > 0) words.push(`${errors} not acknowledged`);
  return words.join(', ');
}
