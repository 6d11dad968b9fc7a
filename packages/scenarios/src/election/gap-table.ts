import type { LossReason } from '@quorate/election/core';

/**
 * How the leadership before an interval without a leader had ended: as its holder was told, or with
 * its process; `silent` when that stood still and could not be told.
 */
export type GapCause = LossReason | 'silent' | 'crashed';

/** In true time, from the last moment at which somebody led to the next leadership. */
export interface Gap {
  readonly cause: GapCause;
  readonly ms: number;
}

/** How long intervals without a leader are. Milliseconds. */
export interface GapFigures {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Intervals without a leader, of many runs. */
export class GapTable {
  readonly #byCause = new Map<string, number[]>();

  add(gaps: readonly Gap[]): void {
    for (const { cause, ms } of gaps) {
      const known = this.#byCause.get(cause);
      if (known === undefined) this.#byCause.set(cause, [ms]);
      else known.push(ms);
    }
  }

  /** By cause, and all together as `all`; empty when there was none. */
  figures(): Readonly<Record<string, GapFigures>> {
    const all = [...this.#byCause.values()].flat();
    if (all.length === 0) return {};
    const causes = [...this.#byCause].sort(([a], [b]) => (a < b ? -1 : 1));
    const named = [...causes, ['all', all] as const];
    return Object.fromEntries(named.map(([name, values]) => [name, figuresOf(values)]));
  }
}

function figuresOf(values: readonly number[]): GapFigures {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (fraction: number): number => {
    const position = Math.min(sorted.length - 1, Math.floor(fraction * sorted.length));
    return Math.round(sorted[position] ?? 0);
  };
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}
