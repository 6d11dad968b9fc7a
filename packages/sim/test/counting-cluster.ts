import type { AppliedEntry, StateMachine } from '@quorate/base';
import { SimulatedCluster, type SimulatedClusterOptions } from '../src/index.ts';

/** Counts what it is given: all that a cluster needs to have something to agree on. */
function counter(): StateMachine<number> {
  let count = 0;
  return {
    apply: (entries: readonly AppliedEntry[]) => entries.map(() => ++count),
    snapshot: () => [Uint8Array.of(count & 255, count >> 8)][Symbol.iterator](),
    restore: () => ({
      chunk: ([low = 0, high = 0]) => {
        count = low + 256 * high;
      },
      finish: () => undefined,
    }),
  };
}

export function countingCluster(options: Partial<SimulatedClusterOptions> = {}): SimulatedCluster {
  return new SimulatedCluster({
    seed: 1,
    nodes: 3,
    groups: [{ id: 1, name: 'g1', create: counter }],
    tuning: { electionTimeoutMs: 300, heartbeatIntervalMs: 30, segmentBytes: 4096 },
    clockDrift: 0.01,
    diskMs: 1,
    ...options,
  });
}

/** Runs on until some node leads. @returns whether that was within `withinMs` */
export function electsLeader(cluster: SimulatedCluster, withinMs: number): boolean {
  const endMs = cluster.scheduler.nowMs + withinMs;
  while (cluster.scheduler.nowMs < endMs) {
    if (!cluster.runUntil(cluster.scheduler.nowMs + 10)) return false;
    if (cluster.nodes.some((node) => cluster.leads(node))) return true;
  }
  return false;
}

/** Proposes one command to a node that leads. @returns whether it was applied in time */
export function commits(cluster: SimulatedCluster, withinMs: number): boolean {
  let isDone = false;
  const leader = cluster.nodes.find((node) => cluster.leads(node));
  leader?.host?.group(1).propose(Uint8Array.of(1), (error) => {
    isDone = error === null;
  });
  cluster.runUntil(cluster.scheduler.nowMs + withinMs);
  return isDone && cluster.violation === null;
}
