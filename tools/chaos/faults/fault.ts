import type { Cluster } from '../cluster/cluster.ts';
import type { Member } from '../cluster/member.ts';
import type { Json } from '../history/history-event.ts';
import type { PlannedFault } from './schedule.ts';

/** What a fault can reach. */
export interface FaultWorld {
  readonly cluster: Cluster;
  /** Resolves after that time, or at once when the run is to stop. */
  pause(ms: number): Promise<void>;
  readonly stop: AbortSignal;
  /** Members that may end by themselves, such as for want of space. */
  readonly mayEnd: Set<string>;
  /** Something that no fault excuses. */
  problem(check: string, message: string): void;
}

/** A fault that has begun. */
export interface Begun {
  /** What it met, for the history. */
  readonly value: Json;
  /** Makes good what can be made good. */
  readonly end: () => void | Promise<void>;
}

/** Null: it could not be done here and now, for that reason. */
export type Begin = (
  world: FaultWorld,
  planned: PlannedFault,
) =>
  | Begun
  | Promise<Begun>
  | { readonly skipped: string }
  | Promise<Begun | { readonly skipped: string }>;

export const nothingToEnd = (): void => undefined;

export function chosen({ cluster }: FaultWorld, { luck }: PlannedFault): Member {
  const member = cluster.members[luck % cluster.members.length];
  if (member === undefined) throw new Error('a cluster has members');
  return member;
}

export function leaderOrChosen(world: FaultWorld, planned: PlannedFault): Member {
  return world.cluster.leader ?? chosen(world, planned);
}

/** The largest number of members that can be missing. */
export function minority({ cluster }: FaultWorld, { luck }: PlannedFault): Member[] {
  const { members } = cluster;
  const count = (members.length - 1) >> 1;
  return Array.from(members.keys(), (at) => (at + luck) % members.length)
    .slice(0, Math.max(1, count))
    .flatMap((at) => members[at] ?? []);
}

export function names(members: readonly Member[]): Json {
  return members.map(({ name }) => name);
}
