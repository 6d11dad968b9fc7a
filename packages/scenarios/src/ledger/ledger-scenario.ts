import type { Prng, StateMachine } from '@quorate/base';
import { type LedgerAnswer, LedgerError, LedgerMachine } from '@quorate/ledger';
import type { NodeId } from '@quorate/schema';
import { ledgerReplica } from '@quorate/server/core';
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
import type { ScenarioResult } from '../kv/kv-scenario.ts';
import type { SessionPath } from '../kv/session-path.ts';
import { BatchSource } from './batch-source.ts';
import { checkLedger } from './check-ledger.ts';
import { LedgerClient, type LedgerClients, proposeOnce, takeIn } from './ledger-client.ts';
import { ledgerLimits } from './ledger-limits.ts';
import { LedgerLog } from './ledger-log.ts';
import type { LedgerPlan } from './ledger-plan.ts';
import { LedgerTold } from './ledger-told.ts';
import { limitSessions } from './limit-sessions.ts';
import { nodeLedger } from './node-ledger.ts';
import type { ObservedLedger } from './observed-ledger.ts';

export interface LedgerScenarioResult extends Omit<ScenarioResult, 'endedLeases'> {
  /** Transfers that were carried out, and pending ones that expired. */
  readonly moved: number;
  readonly expired: number;
}

const group = 1;

/** One is enough for what all do alike, and each look costs as much as a start. */
const auditedNode = 1;

const patienceMs = [500, 4000] as const;
/** Whoever asks whether a healed cluster serves does not wait for an answer that was lost. */
const shortPatienceMs = [200, 800] as const;
const clientsOfASession = 2;
const source = 3_000_000;

/**
 * Clients move money while everything goes wrong, then all faults end and the cluster must serve
 * again, catch up, agree to the last byte, and keep quiet. The plan decides all of it.
 */
export function runLedgerScenario(
  plan: LedgerPlan,
  trace?: (event: TraceEvent) => void,
): LedgerScenarioResult {
  return new LedgerScenario(plan, trace).run();
}

/**
 * What was flipped in history that nobody has read since shows only now, as `LEDGER_PART_DAMAGED`.
 */
function hasHiddenDamage(node: SimulatedNode): boolean {
  if (!node.mayBeDamaged) return false;
  const { machine } = ledgerOf(node);
  try {
    for (const chunks = machine.snapshot(); chunks.next().done !== true; );
    return false;
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'LEDGER_PART_DAMAGED') return true;
    throw error;
  }
}

const createForRepair = (): StateMachine<unknown> =>
  ledgerReplica(new LedgerMachine({ limits: ledgerLimits }));

class LedgerScenario {
  readonly #plan: LedgerPlan;
  readonly #log: LedgerLog;
  readonly #told: LedgerTold;
  readonly #clients: LedgerClients;
  readonly #sessions: SharedSessions<LedgerAnswer>;

  constructor(plan: LedgerPlan, trace?: (event: TraceEvent) => void) {
    this.#plan = plan;
    const fail = (error: Error): void => this.#cluster.fail(error);
    const { accounts, events, seed, sessionTtlMs: ttlMs } = plan;
    const batches = new BatchSource({ accounts, events, prng: drawsOf(seed, source) });
    this.#log = new LedgerLog({ fail, sent: batches.sent });
    this.#told = new LedgerTold(this.#log, fail);
    const cluster = this.#makeCluster(trace);
    // A witness has no state to read, and applies nothing that it could answer.
    const nodes = plan.lastPart === 'witness' ? cluster.nodes.slice(0, -1) : cluster.nodes;
    const [log, told] = [this.#log, this.#told];
    this.#clients = { cluster, group, nodes, source: batches, log, told, ledgerOf };
    const shared = { cluster, group, nodes, ttlMs, seed, clientsOfASession };
    this.#sessions = new SharedSessions(shared);
  }

  get #cluster(): SimulatedCluster {
    return this.#clients.cluster;
  }

  #makeCluster(trace?: (event: TraceEvent) => void): SimulatedCluster {
    const plan = this.#plan;
    const { batchesPerCheck } = plan;
    const create = (node: NodeId): ObservedLedger => {
      const [cluster, log] = [this.#cluster, this.#log];
      const auditEvery = node === auditedNode ? plan.auditEvery : 0;
      return nodeLedger({ cluster, group, node, log, batchesPerCheck, auditEvery });
    };
    return new SimulatedCluster({
      ...clusterOf(plan),
      groups: [{ id: group, name: 'ledger', create, createForRepair }],
      burst: (node, commands, prng) => this.#burst(node, commands, prng),
      ...(trace === undefined ? {} : { trace }),
    });
  }

  /** Many batches at once through one node, whatever becomes of them. */
  #burst(id: NodeId, commands: number, prng: Prng): void {
    const clients = this.#clients;
    const node = clients.cluster.node(id);
    if (!clients.nodes.includes(node) || node.world.paused || node.host === null) return;
    for (let left = commands; left > 0; left--) {
      const batch = clients.source.draw(prng);
      proposeOnce(clients, node, takeIn(clients, node, batch), (answer) =>
        this.#told.answered(batch, answer),
      );
    }
  }

  run(): LedgerScenarioResult {
    const plan = this.#plan;
    const cluster = this.#cluster;
    cluster.startAll();
    describeMembers(cluster, plan, group);
    if (plan.sessionTtlMs > 0) limitSessions(this.#clients);
    const clients = Array.from({ length: plan.clients }, (_, id) =>
      this.#makeClient(id, patienceMs, this.#sessions.of(id)),
    );
    for (const client of clients) client.start();
    const { faults, struck } = playStrikes(cluster, plan);
    let recoveredMs: number | null = null;
    if (cluster.runUntil(plan.faultyMs)) {
      const prober = this.#makeClient(plan.clients, shortPatienceMs, null);
      recoveredMs = this.#serves(prober);
      for (const client of [...clients, prober, this.#sessions]) client.stop();
      if (recoveredMs !== null) this.#settles();
    }
    return {
      violation: cluster.violation,
      hash: cluster.hash.digest,
      events: cluster.scheduler.executed,
      virtualMs: cluster.scheduler.nowMs,
      faults,
      struck,
      acknowledgedWrites: this.#told.acknowledged,
      answeredReads: this.#told.reads,
      moved: this.#log.moved.size,
      expired: this.#log.model.expired,
      lostDisks: cluster.lostDisks,
      recoveredMs,
    };
  }

  #makeClient(
    id: number,
    patience: readonly [number, number],
    session: SessionPath<LedgerAnswer> | null,
  ): LedgerClient {
    const { seed, thinkMs } = this.#plan;
    const [clients, prng] = [this.#clients, drawsOf(seed, id)];
    return new LedgerClient({ clients, prng, thinkMs, patienceMs: patience, session });
  }

  /** @returns how long it took until a healed cluster acknowledged a batch; null if it did not */
  #serves(prober: LedgerClient): number | null {
    const told = this.#told;
    return healedAfterMs(this.#cluster, this.#plan, () => {
      const before = told.acknowledged;
      prober.start();
      return () => (told.acknowledged > before ? null : 'no batch was acknowledged');
    });
  }

  /** When all is quiet, every replica has everything that was acknowledged, and the same state. */
  #settles(): void {
    const plan = this.#plan;
    const cluster = this.#cluster;
    if (!passesHandOvers(cluster, plan)) return;
    const isCaughtUp = (): boolean =>
      runUntilHolds(cluster, catchUpBoundMs(plan, cluster), () => whatIsBehind(cluster, plan));
    if (!isCaughtUp() || !staysQuiet(cluster, plan)) return;
    // What was still pending may have expired since.
    if (!isCaughtUp()) return;
    try {
      const replicas = this.#clients.nodes.filter(
        (node) => node.host !== null && isFull(cluster, group, node.id) && !hasHiddenDamage(node),
      );
      checkLedger(
        this.#log,
        replicas.map((node) => ({ node: node.id, ledger: ledgerOf(node) })),
        plan.batchesPerCheck,
      );
    } catch (error) {
      cluster.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function ledgerOf({ stateMachines }: SimulatedNode): ObservedLedger {
  return stateMachines.get(group) as ObservedLedger;
}
