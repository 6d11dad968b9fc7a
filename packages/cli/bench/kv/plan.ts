import type { Cluster, MemberCommand } from './cluster.ts';
import type { Load, LoadLevel } from './load.ts';

/** What can be measured, in this order. */
export const phases = ['put', 'get', 'sget', 'failover', 'watchers', 'start'] as const;

export type Phase = (typeof phases)[number];

export interface Plan {
  /** By the system's name, ours first. */
  readonly commands: ReadonlyMap<string, MemberCommand>;
  readonly only: ReadonlySet<Phase>;
  readonly load: Load;
  /** A program that watches; null when it cannot be built here. */
  readonly watchers: string | null;
  readonly directory: string;
  /** Levels: how many clients there are. */
  readonly clients: readonly number[];
  readonly rounds: number;
  readonly seconds: number;
  readonly kills: number;
  readonly watcherCount: number;
  readonly startKeys: number;
}

/** One of those compared. */
export interface System {
  readonly name: string;
  readonly cluster: Cluster;
}

/** One figure of each system, measured several times by turns. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  /** By the system's name. */
  readonly rounds: ReadonlyMap<string, readonly number[]>;
}

/** What is the same for every load. */
export const level = {
  operations: 1_000_000,
  keys: 10_000,
  valueBytes: 256,
  timeoutMs: 10_000,
} satisfies Partial<LoadLevel>;

/**
 * Measures every system in each round, by turns.
 *
 * @param measure gives figures by their name, such as `p50 (ms)`; the same ones each time
 */
export async function byTurns<Subject extends { readonly name: string }>(
  what: string,
  rounds: number,
  subjects: readonly Subject[],
  measure: (subject: Subject) => Promise<Readonly<Record<string, number>>>,
): Promise<Row[]> {
  const rows = new Map<string, Map<string, number[]>>();
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) {
      for (const [unit, value] of Object.entries(await measure(subject))) {
        const row = rows.get(unit) ?? new Map<string, number[]>();
        rows.set(unit, row.set(subject.name, [...(row.get(subject.name) ?? []), value]));
      }
    }
  }
  return [...rows].map(([unit, found]) => ({ what, unit, rounds: found }));
}
