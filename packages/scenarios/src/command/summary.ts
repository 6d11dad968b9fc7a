import { failureName, failureText } from '../failure.ts';
import type { ScenarioResult } from '../kv/kv-scenario.ts';

/** One run's result, as it also goes from one process to another. */
export interface Summary {
  readonly seed: number;
  readonly failure: { readonly name: string; readonly text: string } | null;
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly struck: readonly boolean[];
  readonly writes: number;
  readonly reads: number;
  readonly lostDisks: number;
  readonly recoveredMs: number | null;
  readonly faults: readonly (readonly [string, number])[];
}

export function summarize(seed: number, result: ScenarioResult): Summary {
  const { violation, hash, events, virtualMs, struck, lostDisks, recoveredMs } = result;
  return {
    seed,
    failure:
      violation === null ? null : { name: failureName(violation), text: failureText(violation) },
    hash,
    events,
    virtualMs,
    struck,
    writes: result.acknowledgedWrites,
    reads: result.answeredReads,
    lostDisks,
    recoveredMs,
    faults: [...result.faults],
  };
}

/** The sum of many runs. */
export class Totals {
  runs = 0;
  events = 0;
  virtualMs = 0;
  writes = 0;
  reads = 0;
  lostDisks = 0;
  longestRecoveryMs = 0;
  readonly faults = new Map<string, number>();

  add(summary: Summary): void {
    this.runs += 1;
    this.events += summary.events;
    this.virtualMs += summary.virtualMs;
    this.writes += summary.writes;
    this.reads += summary.reads;
    this.lostDisks += summary.lostDisks;
    this.longestRecoveryMs = Math.max(this.longestRecoveryMs, summary.recoveredMs ?? 0);
    for (const [name, count] of summary.faults) {
      this.faults.set(name, (this.faults.get(name) ?? 0) + count);
    }
  }

  /** @param wallMs since the beginning */
  rates(wallMs: number): { eventsPerSecond: number; virtualPerWallSecond: number } {
    return {
      eventsPerSecond: Math.round((this.events / wallMs) * 1000),
      virtualPerWallSecond: Math.round(this.virtualMs / wallMs),
    };
  }
}
