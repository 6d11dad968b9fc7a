import type { ElectionScenarioResult } from '../election/election-scenario.ts';
import { type Gap, GapTable } from '../election/gap-table.ts';
import type { PictureResult } from '../election/pictures/picture.ts';
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
  /** Of the election scenario. */
  readonly election?: ElectionSummary;
}

export interface ElectionSummary {
  readonly leaderships: number;
  readonly acts: number;
  readonly gaps: readonly Gap[];
  /** Whether two led at once, where that is no failure. */
  readonly overlapped: boolean;
  readonly signatures: number;
  readonly refusedClaims: number;
}

export function summarize(seed: number, result: Omit<ScenarioResult, 'endedLeases'>): Summary {
  return {
    ...common(seed, result),
    writes: result.acknowledgedWrites,
    reads: result.answeredReads,
    lostDisks: result.lostDisks,
  };
}

export function summarizeElection(seed: number, result: ElectionScenarioResult): Summary {
  const { elections: leaderships, acts, gaps, signatures, refusedClaims } = result;
  const overlapped = result.overlaps > 0;
  const election = { leaderships, acts, gaps, overlapped, signatures, refusedClaims };
  return { ...common(seed, result), writes: 0, reads: 0, lostDisks: 0, election };
}

/** For a canary: what it was caught as. */
export function summarizePicture(result: PictureResult): Summary {
  const { seed, failure: violation, hash, events, virtualMs } = result;
  const nothing = { struck: [], recoveredMs: null, faults: new Map<string, number>() };
  const played = { violation, hash, events, virtualMs, ...nothing };
  return { ...common(seed, played), writes: 0, reads: 0, lostDisks: 0 };
}

type Common = Pick<
  ScenarioResult,
  'violation' | 'hash' | 'events' | 'virtualMs' | 'struck' | 'recoveredMs' | 'faults'
>;

function common(
  seed: number,
  { violation, hash, events, virtualMs, struck, recoveredMs, faults }: Common,
): Omit<Summary, 'writes' | 'reads' | 'lostDisks'> {
  const failure =
    violation === null ? null : { name: failureName(violation), text: failureText(violation) };
  return { seed, failure, hash, events, virtualMs, struck, recoveredMs, faults: [...faults] };
}

/** Two leaders at one instant, and two leases, which are longer. */
const overlapping: ReadonlySet<string> = new Set(['one leader', 'leader lease']);

/** The sum of many runs. */
export class Totals {
  runs = 0;
  events = 0;
  virtualMs = 0;
  writes = 0;
  reads = 0;
  lostDisks = 0;
  longestRecoveryMs = 0;
  leaderships = 0;
  acts = 0;
  signatures = 0;
  refusedClaims = 0;
  readonly gaps = new GapTable();
  /** Runs in which two led at once, and went on, as was allowed. */
  overlapped = 0;
  /** Runs in which two led at once; each ends with that. */
  overlaps = 0;
  readonly faults = new Map<string, number>();

  add(summary: Summary): void {
    this.runs += 1;
    this.events += summary.events;
    this.virtualMs += summary.virtualMs;
    this.writes += summary.writes;
    this.reads += summary.reads;
    this.lostDisks += summary.lostDisks;
    this.longestRecoveryMs = Math.max(this.longestRecoveryMs, summary.recoveredMs ?? 0);
    const { election, failure } = summary;
    if (failure !== null && overlapping.has(failure.name)) this.overlaps += 1;
    if (election !== undefined) {
      this.leaderships += election.leaderships;
      this.acts += election.acts;
      this.signatures += election.signatures;
      this.refusedClaims += election.refusedClaims;
      if (election.overlapped) this.overlapped += 1;
      this.gaps.add(election.gaps);
    }
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
