import type { Prng, StateMachine } from '@quorate/base';
import type { KvStateMachine } from '@quorate/kv';
import type { NodeId } from '@quorate/schema';
import {
  catchUpBoundMs,
  describeMembers,
  playStrikes,
  runUntilHolds,
  SimulatedCluster,
  type SimulatedNode,
  staysQuiet,
  type TraceEvent,
  whatIsBehind,
} from '@quorate/sim';
import { drawsOf } from '../frame/client-draws.ts';
import { clusterOf, healedAfterMs, isFull, passesHandOvers } from '../frame/planned-cluster.ts';
import { SharedSessions } from '../frame/shared-sessions.ts';
import type { Plan } from '../plan/plan.ts';
import { AppliedLog, ObservedKv } from './applied-log.ts';
import { BurstClient } from './burst-client.ts';
import { checkHistory, checkReplica } from './check-history.ts';
import { checkSessions } from './check-sessions.ts';
import { checkWatches, watchBehind } from './check-watches.ts';
import { DurableAcknowledgements, zoneOf } from './durable-acknowledgements.ts';
import { History } from './history.ts';
import { KvClient, type KvService } from './kv-client.ts';
import type { Told } from './kv-writes.ts';
import { LeaseClient, longestTtlMs } from './lease-client.ts';
import { LeaseHistory } from './lease-history.ts';
import { LinearizabilityOracle } from './linearizability-oracle.ts';
import { ObservedSessions, SessionLog, scenarioLimits } from './observed-sessions.ts';
import type { SessionPath } from './session-path.ts';
import { tickLeases } from './ticked-leases.ts';
import { WatchClient, WatchServices } from './watch-client.ts';

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
  /** By themselves, because nobody renewed them. */
  readonly endedLeases: number;
  /** How often a node refused to start, or was found to have forgotten. */
  readonly lostDisks: number;
  /** From the end of the faults until a write was acknowledged; null when none was. */
  readonly recoveredMs: number | null;
}

/** The group that clients use; the others only elect, which is what puts their votes at risk. */
const busyGroup = 1;

const patienceMs = [500, 4000] as const;
/** Whoever asks whether a healed cluster serves does not wait for an answer that was lost. */
const shortPatienceMs = [200, 800] as const;
const clientsOfASession = 3;
const firstLeaseClient = 3_000_000;
const firstWatch = 4_000_000;

/** What is watched: every key of the clients, some, one. */
const watchedKeys = [
  ['a', 'z'],
  ['key0', 'key2'],
  ['key1', ''],
] as const;

/** Of a healed cluster: how long it takes at most until a client asks a node that is up to date. */
const watchPatienceMs = 60_000;

/** Of a healed cluster with a leader: how long after its time a lease is ended at the latest. */
const lateExpiryMs = 1500;

/**
 * Clients use a key-value group while everything goes wrong (safety), then all faults end and the
 * cluster must serve again, catch up, agree, and keep quiet (liveness). The plan decides all of it.
 */
export function runKvScenario(plan: Plan, trace?: (event: TraceEvent) => void): ScenarioResult {
  return new KvScenario(plan, trace).run();
}

class KvScenario {
  readonly #plan: Plan;
  readonly #trace: ((event: TraceEvent) => void) | undefined;
  readonly #log: AppliedLog;
  readonly #sessionLog: SessionLog;
  readonly #leases = new LeaseHistory();
  readonly #told: Told;
  readonly #service: KvService;
  readonly #sessions: SharedSessions;
  #watches: readonly WatchClient[] = [];

  constructor(plan: Plan, trace?: (event: TraceEvent) => void) {
    this.#plan = plan;
    this.#trace = trace;
    const fail = (error: Error): void => this.#cluster.fail(error);
    this.#log = new AppliedLog(fail, (entry, result) => {
      this.#leases.applied(entry, result, this.#cluster.scheduler.nowMs);
    });
    this.#sessionLog = new SessionLog(fail);
    const history = new History(fail, () => this.#cluster.scheduler.nowMs);
    this.#told = { history, oracle: new LinearizabilityOracle() };
    const cluster = this.#makeCluster(fail);
    const { zones, seed, sessionTtlMs: ttlMs, lastPart } = plan;
    // A witness has no state to read, and applies nothing that it could answer.
    const nodes = lastPart === 'witness' ? cluster.nodes.slice(0, -1) : cluster.nodes;
    const group = busyGroup;
    this.#service = {
      cluster,
      group,
      nodes,
      isEnveloped: ttlMs > 0,
      storeOf,
      durable:
        zones === 0 ? null : new DurableAcknowledgements({ cluster, group, zones, log: this.#log }),
    };
    const shared = { cluster, group, nodes, ttlMs, seed, clientsOfASession };
    this.#sessions = new SharedSessions(shared);
  }

  get #cluster(): SimulatedCluster {
    return this.#service.cluster;
  }

  #makeCluster(fail: (error: Error) => void): SimulatedCluster {
    const plan = this.#plan;
    return new SimulatedCluster({
      ...clusterOf(plan),
      groups: Array.from({ length: 1 + plan.idleGroups }, (_, at) => ({
        id: busyGroup + at,
        name: `g${busyGroup + at}`,
        create: (node) => this.#makeStateMachine(node, at === 0 ? this.#log : new AppliedLog(fail)),
      })),
      ...(plan.clients === 0 ? {} : { burst: this.#makeBurst() }),
      ...(this.#trace === undefined ? {} : { trace: this.#trace }),
    });
  }

  #makeStateMachine(node: NodeId, log: AppliedLog): StateMachine<unknown> {
    const kv = new ObservedKv(node, log);
    if (log !== this.#log) return kv;
    const isEnveloped = this.#plan.sessionTtlMs > 0;
    const machine = isEnveloped ? new ObservedSessions(node, kv, this.#sessionLog) : kv;
    if (this.#plan.leaseClients > 0) {
      const { cluster, group } = this.#service;
      const isCurrent = (): boolean => cluster.node(node).stateMachines.get(group) === machine;
      tickLeases({ cluster, group, node, isEnveloped, store: kv.machine, isCurrent });
    }
    return machine;
  }

  #makeBurst(): (node: NodeId, commands: number, prng: Prng) => void {
    const { clients, keys } = this.#plan;
    let client: BurstClient | null = null;
    return (node, commands, prng) => {
      client ??= new BurstClient(this.#service, this.#told, clients + 1, keys);
      client.send(node, commands, prng);
    };
  }

  run(): ScenarioResult {
    const plan = this.#plan;
    const cluster = this.#cluster;
    const { history } = this.#told;
    cluster.startAll();
    const { zones } = plan;
    describeMembers(cluster, plan, busyGroup, (node) => (zones === 0 ? null : zoneOf(node, zones)));
    const clients = Array.from({ length: plan.clients }, (_, id) =>
      this.#makeClient(id, patienceMs, this.#sessions.of(id)),
    );
    const leaseClients = Array.from({ length: plan.leaseClients }, (_, at) =>
      this.#makeLeaseClient(at),
    );
    if (plan.clients > 0) this.#watches = this.#makeWatches();
    for (const client of [...clients, ...leaseClients, ...this.#watches]) client.start();
    const { faults, struck } = playStrikes(cluster, plan);
    let recoveredMs: number | null = null;
    if (cluster.runUntil(plan.faultyMs)) {
      const prober = this.#makeClient(plan.clients, shortPatienceMs, null);
      recoveredMs = this.#serves(prober);
      const all = [...clients, ...leaseClients, prober, this.#sessions];
      for (const client of all) client.stop();
      if (recoveredMs !== null) this.#settles();
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
      endedLeases: this.#leases.ended,
      lostDisks: cluster.lostDisks,
      recoveredMs,
    };
  }

  #makeClient(
    id: number,
    patience: readonly [number, number],
    session: SessionPath | null,
  ): KvClient {
    const { seed, keys, valueBytes, thinkMs } = this.#plan;
    return new KvClient({
      service: this.#service,
      told: this.#told,
      prng: drawsOf(seed, id),
      id,
      keys,
      valueBytes,
      thinkMs,
      patienceMs: patience,
      session,
    });
  }

  #makeWatches(): readonly WatchClient[] {
    const services = new WatchServices();
    return watchedKeys.map(([key, rangeEnd], at) => {
      return new WatchClient({
        service: this.#service,
        services,
        prng: drawsOf(this.#plan.seed, firstWatch + at),
        key,
        rangeEnd,
        fromBeginning: at !== 1,
        fail: (error) => this.#cluster.fail(error),
      });
    });
  }

  /** Nothing is written any more: each watch is told of everything. */
  #watchesEnd(): boolean {
    const nodes = this.#service.nodes.filter(({ id }) => isFull(this.#cluster, busyGroup, id));
    const revision = Math.max(...nodes.map((node) => storeOf(node).stats.revision));
    const isTold = runUntilHolds(this.#cluster, watchPatienceMs, () =>
      watchBehind(this.#watches, revision),
    );
    for (const watch of this.#watches) watch.stop();
    return isTold;
  }

  #makeLeaseClient(at: number): LeaseClient {
    return new LeaseClient({
      service: this.#service,
      told: this.#told,
      leases: this.#leases,
      prng: drawsOf(this.#plan.seed, firstLeaseClient + at),
      id: firstLeaseClient + at,
    });
  }

  /** @returns how long it took until a healed cluster acknowledged a write; null if it did not */
  #serves(prober: KvClient): number | null {
    const { history } = this.#told;
    return healedAfterMs(this.#cluster, this.#plan, () => {
      const before = history.acknowledged;
      prober.start();
      return () => (history.acknowledged > before ? null : 'no write was acknowledged');
    });
  }

  /** Nobody renews any more, and there is a leader. */
  #leasesEnd(): boolean {
    const { clockDrift, leaseClients } = this.#plan;
    if (leaseClients === 0) return true;
    // The leader's clock may be slow, and is taken for fast.
    const boundMs = longestTtlMs / (1 - clockDrift) ** 3 + lateExpiryMs;
    const nodes = this.#service.nodes.filter(({ id }) => isFull(this.#cluster, busyGroup, id));
    return runUntilHolds(this.#cluster, boundMs, () => leaseLeft(nodes));
  }

  /** When all is quiet, every replica has everything that was acknowledged, and the same state. */
  #settles(): void {
    const plan = this.#plan;
    const cluster = this.#cluster;
    if (!passesHandOvers(cluster, plan)) return;
    const boundMs = catchUpBoundMs(plan, cluster);
    if (!runUntilHolds(cluster, boundMs, () => whatIsBehind(cluster, plan))) return;
    if (!this.#leasesEnd()) return;
    if (!this.#watchesEnd()) return;
    if (!staysQuiet(cluster, plan)) return;
    try {
      this.#leases.check();
      const copy = checkHistory(this.#told.history, this.#log);
      checkSessions(this.#sessionLog, this.#log, scenarioLimits);
      this.#told.oracle.check();
      checkWatches(this.#watches, copy);
      for (const node of this.#service.nodes) {
        if (node.host === null || !isFull(cluster, busyGroup, node.id)) continue;
        checkReplica(storeOf(node), copy, node.id);
      }
    } catch (error) {
      cluster.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** @returns whether some replica still has a lease, in words */
function leaseLeft(nodes: readonly SimulatedNode[]): string | null {
  for (const node of nodes) {
    if (node.host === null) continue;
    const { leases } = storeOf(node).stats;
    if (leases > 0) return `${leases} leases that nobody renews are left on node ${node.id}`;
  }
  return null;
}

function storeOf({ stateMachines }: SimulatedNode): KvStateMachine {
  const machine = stateMachines.get(busyGroup);
  return machine instanceof ObservedSessions ? machine.kv.machine : (machine as ObservedKv).machine;
}
