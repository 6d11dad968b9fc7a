import { Prng, present } from '@quorate/base';
import type { NodeId } from '@quorate/schema';
import { nemeses, SimulatedCluster, type TraceEvent } from '@quorate/sim';
import { type Plan, usualTuning } from '../plan/plan.ts';
import { AppliedLog, ObservedKv } from './applied-log.ts';
import { checkHistory, checkReplica } from './check-history.ts';
import { History } from './history.ts';
import { KvClient } from './kv-client.ts';
import { LinearizabilityOracle } from './linearizability-oracle.ts';
import {
  catchUpBoundMs,
  isMember,
  runUntilHolds,
  serviceBoundMs,
  staysQuiet,
  whatIsBehind,
} from './recovery.ts';

export interface ScenarioResult {
  readonly violation: Error | null;
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  /** By nemesis, those that found something to do. */
  readonly faults: ReadonlyMap<string, number>;
  /** Of the plan's strikes, in their order: which found something to do. */
  readonly struck: readonly boolean[];
  readonly acknowledgedWrites: number;
  readonly answeredReads: number;
  /** Nodes that refused to start, or were found to have forgotten, after damage to their disk. */
  readonly lostDisks: number;
  /** From the end of the faults until a write was acknowledged; null when none was. */
  readonly recoveredMs: number | null;
}

/** The group that clients use; the others only elect, which is what puts their votes at risk. */
const busyGroup = 1;

const patienceMs = [500, 4000] as const;
/** Whoever asks whether a healed cluster serves does not wait for an answer that was lost. */
const shortPatienceMs = [200, 800] as const;

/**
 * Clients use a key-value group while everything goes wrong (safety), then all faults end and the
 * cluster must serve again, catch up, agree, and keep quiet (liveness). The plan decides all of it.
 */
export function runKvScenario(plan: Plan, trace?: (event: TraceEvent) => void): ScenarioResult {
  const fail = (error: Error): void => cluster.fail(error);
  const history = new History(fail);
  const log = new AppliedLog(fail);
  const oracle = new LinearizabilityOracle();
  const cluster: SimulatedCluster = new SimulatedCluster({
    seed: plan.seed,
    nodes: plan.nodes,
    groups: Array.from({ length: 1 + plan.idleGroups }, (_, at) => ({
      id: busyGroup + at,
      name: `g${busyGroup + at}`,
      create: (node) => new ObservedKv(node, at === 0 ? log : new AppliedLog(fail)),
    })),
    tuning: {
      ...usualTuning,
      ...plan.tuning,
      quiesceAfterMs: plan.quiesceMs === 0 ? null : plan.quiesceMs,
      maxClockDrift: plan.leases ? plan.clockDrift : null,
    },
    clockDrift: plan.clockDrift,
    diskMs: plan.diskMs,
    ...(trace === undefined ? {} : { trace }),
  });
  cluster.startAll();
  const clients = Array.from({ length: plan.clients }, (_, id) =>
    makeClient(plan, cluster, { history, oracle }, id, patienceMs),
  );
  for (const client of clients) client.start();
  const { faults, struck } = scheduleStrikes(cluster, plan, trace);
  let recoveredMs: number | null = null;
  if (cluster.runUntil(plan.faultyMs)) {
    const prober = makeClient(plan, cluster, { history, oracle }, plan.clients, shortPatienceMs);
    recoveredMs = serves(cluster, plan, history, prober);
    for (const client of [...clients, prober]) client.stop();
    if (recoveredMs !== null) settles(cluster, plan, { history, oracle }, log);
  }
  return {
    violation: cluster.violation,
    hash: cluster.hash.digest,
    events: cluster.scheduler.executed,
    virtualMs: cluster.scheduler.nowMs,
    faults,
    struck,
    acknowledgedWrites: history.acknowledged,
    answeredReads: history.reads.length,
    lostDisks: cluster.nodes.filter(({ lost }) => lost !== null).length,
    recoveredMs,
  };
}

/** What clients tell of what they were told. */
interface Told {
  readonly history: History;
  readonly oracle: LinearizabilityOracle;
}

function makeClient(
  plan: Plan,
  cluster: SimulatedCluster,
  told: Told,
  id: number,
  patience: readonly [number, number],
): KvClient {
  const { keys, valueBytes, thinkMs, seed } = plan;
  // By number, so that fewer clients draw as they did among more.
  const prng = new Prng((seed + 1_000_003 * (id + 1)) % 2 ** 53).fork();
  return new KvClient({
    cluster,
    group: busyGroup,
    prng,
    ...told,
    id,
    keys,
    valueBytes,
    thinkMs,
    patienceMs: patience,
  });
}

function scheduleStrikes(
  cluster: SimulatedCluster,
  plan: Plan,
  trace: ((event: TraceEvent) => void) | undefined,
): { faults: Map<string, number>; struck: boolean[] } {
  const faults = new Map<string, number>();
  const struck = plan.strikes.map(() => false);
  plan.strikes.forEach(({ atMs, nemesis: name, seed }, position) => {
    if (atMs >= plan.faultyMs) return;
    const nemesis = nemeses.find((candidate) => candidate.name === name);
    cluster.scheduler.schedule(atMs, () => {
      const found = present(nemesis, `there is a nemesis ${name}`);
      const prng = new Prng(seed);
      trace?.({ kind: 'strike', atMs: cluster.scheduler.nowMs, nemesis: name });
      if (!found.strike(cluster, prng)) return;
      struck[position] = true;
      faults.set(name, (faults.get(name) ?? 0) + 1);
    });
  });
  return { faults, struck };
}

/** @returns how long it took until a healed cluster acknowledged a write; null if it did not */
function serves(
  cluster: SimulatedCluster,
  plan: Plan,
  history: History,
  prober: KvClient,
): number | null {
  cluster.heal();
  const { nowMs } = cluster.scheduler;
  const before = history.acknowledged;
  prober.start();
  const isServing = runUntilHolds(cluster, serviceBoundMs(plan), () =>
    history.acknowledged > before ? null : 'no write was acknowledged',
  );
  return isServing ? cluster.scheduler.nowMs - nowMs : null;
}

/** When all is quiet, every replica has everything that was acknowledged, and the same state. */
function settles(
  cluster: SimulatedCluster,
  plan: Plan,
  { history, oracle }: Told,
  log: AppliedLog,
): void {
  const boundMs = catchUpBoundMs(plan, cluster);
  if (!runUntilHolds(cluster, boundMs, () => whatIsBehind(cluster))) return;
  if (!staysQuiet(cluster, plan)) return;
  try {
    const copy = checkHistory(history, log);
    oracle.check();
    for (const { host, stateMachines, id } of cluster.nodes) {
      if (host === null || !isFull(cluster, id)) continue;
      checkReplica((stateMachines.get(busyGroup) as ObservedKv).machine, copy, id);
    }
  } catch (error) {
    cluster.fail(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Whoever was removed from the group keeps what it had then. */
function isFull(cluster: SimulatedCluster, node: NodeId): boolean {
  const leader = cluster.nodes.find(
    ({ host }) => host?.group(busyGroup).status().role === 'leader',
  );
  const status = leader?.host?.group(busyGroup).status();
  return status !== undefined && isMember(status, node);
}
