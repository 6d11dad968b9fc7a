import { Prng } from '@quorate/base';
import type { NodeId } from '@quorate/schema';
import { InvariantViolation } from '../invariants/invariant.ts';
import { mendLostNodes } from '../nemesis/mending-nemeses.ts';
import { type ClusterPlan, usualTuning } from '../plan/cluster-plan.ts';
import { describeMembers } from '../plan/describe-members.ts';
import { type PlayedStrikes, playStrikes } from '../plan/play-strikes.ts';
import {
  catchUpBoundMs,
  handOverBoundMs,
  isMember,
  runUntilHolds,
  serviceBoundMs,
  staysQuiet,
  whatIsBehind,
} from '../plan/recovery.ts';
import { SimulatedCluster } from '../simulated-cluster.ts';
import type { TraceEvent } from '../trace/trace-event.ts';
import { HistoryJudge } from './history-judge.ts';
import { ObservedMachine } from './observed-machine.ts';
import { Proposals } from './proposals.ts';
import { SingleCopy } from './single-copy.ts';
import type { Subject } from './subject.ts';
import { sendBurst, WorkClient, type Workplace } from './work-client.ts';
import { WorkNodes } from './work-nodes.ts';
import type { RunFailure, WorkbenchRun } from './workbench-run.ts';

const group = 1;
const patienceMs = [500, 4000] as const;
/** Whoever asks whether a healed cluster serves does not wait for an answer that was lost. */
const shortPatienceMs = [200, 800] as const;
/** Whose draws are whose: clients have small numbers. */
const reader = 1_000_000;
const mender = 2_000_000;

/** Sees what happens in a run, and changes nothing. */
export interface RunWatch {
  event(event: TraceEvent): void;
  /** What clients and state machines do, in a line. */
  note(atMs: number, text: string): void;
}

/**
 * Clients use the service while everything goes wrong (safety), then all faults end and it must
 * serve again, catch up, agree, and keep quiet (liveness). The plan decides all of it.
 */
export function runWork(subject: Subject, plan: ClusterPlan, watch?: RunWatch): WorkbenchRun {
  return new WorkRun(subject, plan, watch ?? null).run();
}

class WorkRun {
  readonly #subject: Subject;
  readonly #plan: ClusterPlan;
  readonly #copy: SingleCopy;
  readonly #proposals = new Proposals();
  readonly #lives = new Map<NodeId, number>();
  readonly #cluster: SimulatedCluster;
  readonly #place: Workplace;
  readonly #note: ((text: string) => void) | null;
  #restored = 0;
  #undecided = false;
  /** When what is known to have gone wrong went wrong, if that was earlier than now. */
  #failedAtMs: number | null = null;

  constructor(subject: Subject, plan: ClusterPlan, watch: RunWatch | null) {
    this.#subject = subject;
    this.#plan = plan;
    this.#copy = new SingleCopy(subject);
    this.#note = watch === null ? null : (text) => watch.note(this.#cluster.scheduler.nowMs, text);
    const cluster = this.#makeCluster(watch);
    this.#cluster = cluster;
    const work = new WorkNodes({
      cluster,
      group,
      subject,
      copy: this.#copy,
      proposals: this.#proposals,
      prng: this.#prngOf(reader),
    });
    const { model } = subject;
    this.#place = {
      cluster,
      subject,
      // A witness has no state to read, and applies nothing that it could answer.
      nodes: plan.lastPart === 'witness' ? cluster.nodes.slice(0, -1) : cluster.nodes,
      work,
      judge: model === null ? null : new HistoryJudge(model, () => cluster.scheduler.nowMs),
      note: this.#note,
    };
  }

  #makeCluster(watch: RunWatch | null): SimulatedCluster {
    const plan = this.#plan;
    return new SimulatedCluster({
      seed: plan.seed,
      nodes: plan.nodes,
      groups: [{ id: group, name: 'g1', create: (node) => this.#makeStateMachine(node) }],
      tuning: {
        ...usualTuning,
        ...plan.tuning,
        quiesceAfterMs: plan.quiesceMs === 0 ? null : plan.quiesceMs,
        maxClockDrift: plan.leases ? plan.clockDrift : null,
      },
      clockDrift: plan.clockDrift,
      diskMs: plan.diskMs,
      ...(plan.clients === 0
        ? {}
        : {
            burst: (node, commands, prng) =>
              sendBurst(this.#place, plan.clients + 1, this.#cluster.node(node), commands, prng),
          }),
      ...(watch === null ? {} : { trace: (event) => watch.event(event) }),
    });
  }

  #makeStateMachine(node: NodeId): ObservedMachine {
    const life = (this.#lives.get(node) ?? 0) + 1;
    this.#lives.set(node, life);
    return new ObservedMachine({
      subject: this.#subject,
      node,
      life,
      copy: this.#copy,
      fail: (error) => this.#cluster.fail(error),
      restored: () => {
        this.#restored += 1;
      },
      note: this.#note,
    });
  }

  run(): WorkbenchRun {
    const plan = this.#plan;
    const cluster = this.#cluster;
    cluster.startAll();
    describeMembers(cluster, plan, group);
    const clients = Array.from({ length: plan.clients }, (_, id) =>
      this.#makeClient(id, patienceMs, false),
    );
    for (const client of clients) client.start();
    const strikes = playStrikes(cluster, plan);
    if (cluster.runUntil(plan.faultyMs)) {
      const prober = this.#makeClient(plan.clients, shortPatienceMs, true);
      const isServing = this.#serves(prober);
      for (const client of [...clients, prober]) client.stop();
      if (isServing && this.#settles()) this.#checkAll();
    }
    return this.#result(strikes);
  }

  #result({ faults, struck }: PlayedStrikes): WorkbenchRun {
    const { violation, hash, scheduler } = this.#cluster;
    for (const { index, command } of this.#copy.entries()) {
      hash.add(index);
      hash.addText(this.#copy.describe(command));
    }
    return {
      plan: this.#plan,
      failure:
        violation === null ? null : failureOf(violation, this.#failedAtMs ?? scheduler.nowMs),
      hash: hash.digest,
      events: scheduler.executed,
      virtualMs: scheduler.nowMs,
      faults,
      struck,
      applied: this.#copy.applied,
      acknowledged: this.#proposals.acknowledged,
      reads: this.#place.work.answeredReads,
      restored: this.#restored,
      undecided: this.#undecided,
    };
  }

  #makeClient(id: number, patience: readonly [number, number], onlyCommands: boolean): WorkClient {
    const { thinkMs } = this.#plan;
    const prng = this.#prngOf(id);
    return new WorkClient({
      place: this.#place,
      id,
      prng,
      thinkMs,
      patienceMs: patience,
      onlyCommands,
    });
  }

  /** By number, so that fewer clients draw as they did among more. */
  #prngOf(id: number): Prng {
    return new Prng((this.#plan.seed + 1_000_003 * (id + 1)) % 2 ** 53).fork();
  }

  /** @returns whether a healed cluster carries out a command in time */
  #serves(prober: WorkClient): boolean {
    const cluster = this.#cluster;
    cluster.heal();
    if (this.#plan.mends) mendLostNodes(cluster, this.#prngOf(mender));
    prober.start();
    return runUntilHolds(cluster, serviceBoundMs(this.#plan), () => {
      if (prober.commandsDone > 0) return null;
      const refused = [...this.#proposals.refused].map(([code, times]) => `${times} with ${code}`);
      const which = refused.length === 0 ? '' : ` (refused: ${refused.join(', ')})`;
      return `no command was acknowledged${which}`;
    });
  }

  /** @returns whether every replica has everything, and nothing happens any more */
  #settles(): boolean {
    const plan = this.#plan;
    const cluster = this.#cluster;
    const handedOverMs = plan.faultyMs + handOverBoundMs(plan);
    if (!cluster.runUntil(Math.max(cluster.scheduler.nowMs, handedOverMs))) return false;
    const boundMs = catchUpBoundMs(plan, cluster);
    if (!runUntilHolds(cluster, boundMs, () => whatIsBehind(cluster, plan))) return false;
    return staysQuiet(cluster, plan);
  }

  /** When all is quiet: what could not be told while it went on. */
  #checkAll(): void {
    try {
      this.#copy.keepState();
      for (const { host, stateMachines, id } of this.#place.nodes) {
        if (host === null || !this.#isFull(id)) continue;
        const machine = stateMachines.get(group) as ObservedMachine;
        machine.compareState(this.#copy.lastIndex);
      }
      this.#copy.replay();
      this.#proposals.check(this.#copy);
      const verdict = this.#place.judge?.judge() ?? 'linearizable';
      this.#undecided = verdict === 'undecided';
      if (typeof verdict === 'string') return;
      this.#failedAtMs = verdict.atMs;
      throw verdict.violation;
    } catch (error) {
      this.#cluster.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Whoever was removed from the group keeps what it had then. */
  #isFull(node: NodeId): boolean {
    const statuses = this.#cluster.nodes.map(({ host }) => host?.group(group).status());
    const leader = statuses.find((status) => status?.role === 'leader');
    return leader !== undefined && isMember(leader, node);
  }
}

function failureOf(error: Error, atMs: number): RunFailure {
  if (error instanceof InvariantViolation) {
    return { property: error.invariant, message: error.message, error, atMs };
  }
  const [line = ''] = error.message.split('\n');
  const property = `${error.name}: ${line.replaceAll(/\d+/g, '#').slice(0, 80)}`;
  return { property, message: error.stack ?? error.message, error, atMs };
}
