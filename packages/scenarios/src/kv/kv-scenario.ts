import { Prng } from '@quorate/base';
import type { HostTuning } from '@quorate/host';
import { KvStateMachine } from '@quorate/kv';
import {
  InvariantViolation,
  type Nemesis,
  nemeses,
  SimulatedCluster,
  type TraceLine,
} from '@quorate/sim';
import { checkHistory, History, KvClient } from './kv-client.ts';

export interface ScenarioOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly trace?: (line: TraceLine) => void;
}

export interface ScenarioResult {
  readonly violation: Error | null;
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly acknowledgedWrites: number;
  readonly answeredReads: number;
}

/** The group that clients use; the others only elect, which is what puts their votes at risk. */
const busyGroup = 1;
const idleGroups = [2, 3];
const healTimeMs = 15_000;

/**
 * Clients write to and read from a key-value group while everything goes wrong (safety), then all
 * faults end and the cluster must serve again and agree (liveness). The seed decides all of it:
 * sizes and limits too, so that rare paths are common in some runs.
 */
export function runKvScenario(options: ScenarioOptions): ScenarioResult {
  const prng = new Prng(options.seed);
  const history = new History();
  const faults = new Map<string, number>();
  const cluster = new SimulatedCluster({
    seed: options.seed,
    nodes: options.nodes,
    groups: [busyGroup, ...idleGroups].map((id) => ({
      id,
      name: `g${id}`,
      create: () => new KvStateMachine(),
    })),
    tuning: drawTuning(prng),
    clockDrift: prng.pick([0, 0, 0.001, 0.05]),
    ...(options.trace === undefined ? {} : { trace: options.trace }),
  });
  cluster.startAll();
  const valueBytes = prng.pick([16, 64, 1000, 4000]);
  const clients = Array.from(
    { length: prng.between(1, 8) },
    (_, id) =>
      new KvClient({
        cluster,
        group: busyGroup,
        prng: prng.fork(),
        history,
        id,
        keys: prng.between(1, 12),
        valueBytes,
      }),
  );
  for (const client of clients) client.start();
  const faultyMs = prng.between(4_000, 20_000);
  unleash(cluster, prng.fork(), faults, faultyMs);
  const safe = cluster.runUntil(faultyMs) && mustRecover(cluster, history);
  for (const client of clients) client.stop();
  if (safe) mustAgree(cluster, history);
  return {
    violation: cluster.violation,
    hash: cluster.hash.digest,
    events: cluster.scheduler.executed,
    virtualMs: cluster.scheduler.nowMs,
    faults,
    acknowledgedWrites: history.writes.length,
    answeredReads: history.reads.length,
  };
}

function drawTuning(prng: Prng): Partial<HostTuning> {
  const electionTimeoutMs = prng.pick([300, 1000]);
  return {
    electionTimeoutMs,
    heartbeatIntervalMs: electionTimeoutMs / prng.pick([5, 10]),
    requestTimeoutMs: 5000,
    segmentBytes: prng.pick([4096, 16_384, 65_536]),
    snapshotLogBytes: prng.pick([2000, 20_000, 200_000, 10_000_000]),
    snapshotTailEntries: prng.pick([0, 5, 500]),
    maxMessageBytes: prng.pick([1, 500, 100_000]),
    maxInflightMessages: prng.pick([1, 4, 256]),
    maxUncommittedBytes: prng.pick([4000, 1_000_000]),
  };
}

/** Strikes at drawn moments with a drawn mixture of nemeses, until `untilMs`. */
function unleash(
  cluster: SimulatedCluster,
  prng: Prng,
  faults: Map<string, number>,
  untilMs: number,
): void {
  const chosen = prng.shuffle(nemeses).slice(0, prng.between(1, nemeses.length));
  const meanMs = prng.pick([150, 600, 2500]);
  const strike = (): void => {
    if (cluster.scheduler.nowMs >= untilMs) return;
    const nemesis: Nemesis = prng.pick(chosen);
    if (nemesis.strike(cluster, prng)) {
      faults.set(nemesis.name, (faults.get(nemesis.name) ?? 0) + 1);
    }
    cluster.scheduler.schedule(prng.between(1, 2 * meanMs), strike);
  };
  cluster.scheduler.schedule(prng.between(0, 2000), strike);
}

/** Without faults there must be progress: new writes are acknowledged, in bounded time. */
function mustRecover(cluster: SimulatedCluster, history: History): boolean {
  cluster.heal();
  const healedAtMs = cluster.scheduler.nowMs;
  const before = history.writes.length;
  // Restarted nodes whose recovery was cut short by the end of the faults come up here too.
  if (!cluster.runUntil(healedAtMs + healTimeMs)) return false;
  if (history.writes.length > before) return true;
  cluster.fail(
    new InvariantViolation(
      'progress',
      `no write was acknowledged in ${healTimeMs} ms of virtual time after all faults had ended`,
    ),
  );
  return false;
}

/** When all is quiet, every replica has everything that was acknowledged, and the same state. */
function mustAgree(cluster: SimulatedCluster, history: History): void {
  cluster.heal();
  if (!cluster.runUntil(cluster.scheduler.nowMs + healTimeMs / 3)) return;
  try {
    const hashes = new Set<number>();
    for (const node of cluster.nodes) {
      const machine = node.stateMachines.get(busyGroup) as KvStateMachine;
      checkHistory(history, machine, node.id);
      hashes.add(machine.hash());
    }
    if (hashes.size > 1) {
      throw new InvariantViolation('replicas agree', 'the states differ though all is quiet');
    }
  } catch (error) {
    cluster.fail(error instanceof Error ? error : new Error(String(error)));
  }
}
