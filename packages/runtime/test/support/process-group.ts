import { type Ports, type StateMachine, silentLogger, silentMetrics } from '@quorate/base';
import { bootstrapState, type InitialState, type RecoveredGroup } from '@quorate/raft';
import {
  type Configuration,
  type GroupId,
  type Member,
  majorityConfiguration,
  type NodeId,
} from '@quorate/schema';
import { Scheduler } from '@quorate/sim';
import {
  type GroupHandle,
  Runtime,
  type RuntimeError,
  type RuntimeErrorCode,
  type RuntimeTuning,
} from '../../src/index.ts';
import { EchoMachine } from './echo-machine.ts';
import { FakeLogStore } from './fake-log-store.ts';
import { FakeSnapshotStore } from './fake-snapshot-store.ts';
import { Switchboard } from './switchboard.ts';

export const group: GroupId = 1;

export const tuning: RuntimeTuning = {
  heartbeatIntervalMs: 100,
  electionTimeoutMs: 1000,
  maxClockDrift: 0.01,
  requestTimeoutMs: 4000,
  quiesceAfterMs: null,
  snapshotLogBytes: 1024 * 1024,
  snapshotTailEntries: 0,
  snapshotBytesPerSecond: null,
  maxCommandBytes: 1000,
  maxUncommittedBytes: 20_000,
  maxMessageBytes: 4000,
  maxInflightMessages: 16,
  maxInflightBytes: 64_000,
};

/** What became of a request; `calls` says how often it was answered. */
export interface Outcome {
  calls: number;
  error: RuntimeError | null;
  result: unknown;
  index: number;
}

export const codeOf = (outcome: Outcome): RuntimeErrorCode | null => outcome.error?.code ?? null;

/** One node's process in virtual time. What it schedules dies with it. */
export class VirtualProcess {
  readonly id: NodeId;
  readonly runtime: Runtime;
  readonly machine = new EchoMachine();
  /** What is replicated: `machine`, unless the test gives another. */
  readonly stateMachine: StateMachine<unknown>;
  readonly log: FakeLogStore;
  readonly snapshots: FakeSnapshotStore;
  readonly halts: Error[] = [];
  /** Timers that are set and have not fired, and were not cancelled. */
  timersSet = 0;
  alive = true;
  /** That its clock is ahead, because its thread was at work. */
  workedMs = 0;
  readonly #scheduler: Scheduler;
  readonly #seed: number;

  constructor(
    options: {
      readonly id: NodeId;
      readonly scheduler: Scheduler;
      readonly board: Switchboard;
      readonly snapshots: FakeSnapshotStore;
      readonly durable: ReadonlyMap<GroupId, RecoveredGroup>;
      readonly tuning: RuntimeTuning;
      readonly initial: InitialState;
      readonly seed: number;
      readonly startError: Error | null;
      readonly stateMachine: StateMachine<unknown> | null;
    },
    started: (error: Error | null) => void,
  ) {
    this.id = options.id;
    this.stateMachine = options.stateMachine ?? this.machine;
    this.#scheduler = options.scheduler;
    this.#seed = options.seed;
    this.snapshots = options.snapshots;
    const later = (delayMs: number, callback: () => void): void => {
      this.#schedule(delayMs, callback);
    };
    this.log = new FakeLogStore(options.durable, later);
    this.runtime = new Runtime({
      ports: this.#ports(),
      nodeId: options.id,
      incarnation: 0,
      logStore: this.log,
      snapshotStore: options.snapshots,
      links: options.board.links(options.id, options.startError),
      tuning: options.tuning,
      onHalt: (error) => this.halts.push(error),
    });
    const { initial, seed } = options;
    this.runtime.addGroup({
      id: group,
      name: 'echo',
      stateMachine: this.stateMachine,
      initial,
      seed,
    });
    this.runtime.start(started);
  }

  get handle(): GroupHandle<string> {
    return this.runtime.group(group) as GroupHandle<string>;
  }

  propose(text: string): Outcome {
    const outcome: Outcome = { calls: 0, error: null, result: null, index: 0 };
    this.handle.propose(new TextEncoder().encode(text), (error, applied) => {
      outcome.calls += 1;
      outcome.error = error;
      outcome.result = applied?.result ?? null;
      outcome.index = applied?.index ?? 0;
    });
    return outcome;
  }

  /** `result` is what the state machine holds at the moment of the answer. */
  read(): Outcome {
    const outcome: Outcome = { calls: 0, error: null, result: null, index: 0 };
    this.handle.readBarrier((error, appliedIndex) => {
      outcome.calls += 1;
      outcome.error = error;
      outcome.index = appliedIndex;
      if (error === null) outcome.result = [...this.machine.commands];
    });
    return outcome;
  }

  #schedule(delayMs: number, callback: () => void): { cancel(): void } {
    return this.#scheduler.schedule(delayMs, () => {
      if (this.alive) callback();
    });
  }

  #ports(): Ports {
    const unused = new Proxy({}, { get: () => assertUnused() });
    return {
      clock: {
        monotonicMs: () => this.#scheduler.nowMs + this.workedMs,
        wallMicros: () => Math.floor(this.#scheduler.nowMs * 1000),
      },
      timers: {
        after: (delayMs, callback) => this.#timer(delayMs, callback),
        defer: (callback) => void this.#schedule(0, callback),
      },
      logger: silentLogger,
      metrics: silentMetrics,
      fileSystem: unused as Ports['fileSystem'],
      network: unused as Ports['network'],
      checksum: unused as Ports['checksum'],
      codec: unused as Ports['codec'],
      crypto: {
        randomBytes: (count) => new Uint8Array(count).fill(this.#seed % 256),
        sha256: assertUnused,
      },
    };
  }

  #timer(delayMs: number, callback: () => void): { cancel(): void } {
    let isSet = true;
    this.timersSet += 1;
    const clear = (): void => {
      if (isSet) this.timersSet -= 1;
      isSet = false;
    };
    const event = this.#schedule(delayMs, () => {
      clear();
      callback();
    });
    return {
      cancel: () => {
        clear();
        event.cancel();
      },
    };
  }
}

function assertUnused(): never {
  throw new Error('the runtime has no use for this port');
}

/** Several runtimes in one process, joined by a switchboard, in virtual time. */
export class ProcessGroup {
  readonly scheduler = new Scheduler();
  readonly board: Switchboard;
  readonly processes = new Map<NodeId, VirtualProcess>();
  readonly tuning: RuntimeTuning;
  readonly #configuration: Configuration;
  readonly #stateMachine: (() => StateMachine<unknown>) | null;
  #lives = 0;

  constructor(
    size: number,
    given: Partial<RuntimeTuning> = {},
    stateMachine: (() => StateMachine<unknown>) | null = null,
    members: readonly Member[] = [],
  ) {
    this.#stateMachine = stateMachine;
    this.tuning = { ...tuning, ...given };
    this.board = new Switchboard((delayMs, callback) => {
      this.scheduler.schedule(delayMs, callback);
    });
    const voters = Array.from({ length: size }, (_, i) => i + 1);
    this.#configuration = { ...majorityConfiguration(voters), members };
    for (const id of voters) this.start(id);
  }

  get nowMs(): number {
    return this.scheduler.nowMs;
  }

  get(id: NodeId): VirtualProcess {
    const process = this.processes.get(id);
    if (process === undefined) throw new Error(`there is no process ${id}`);
    return process;
  }

  /** Starts a node from what its log and its snapshots hold. */
  start(
    id: NodeId,
    startError: Error | null = null,
    started: (error: Error | null) => void = () => undefined,
  ): VirtualProcess {
    const before = this.processes.get(id);
    const durable = before?.log.durable ?? new Map<GroupId, RecoveredGroup>();
    const delay = (delayMs: number, callback: () => void): void => {
      this.scheduler.schedule(delayMs, callback);
    };
    const process = new VirtualProcess(
      {
        id,
        scheduler: this.scheduler,
        board: this.board,
        snapshots: before?.snapshots ?? new FakeSnapshotStore(delay),
        durable,
        tuning: this.tuning,
        initial: this.#initial(durable.get(group)),
        seed: ++this.#lives,
        startError,
        stateMachine: this.#stateMachine?.() ?? null,
      },
      started,
    );
    this.processes.set(id, process);
    return process;
  }

  /** As kill -9: what was not durable is gone. */
  kill(id: NodeId): void {
    this.get(id).alive = false;
    this.board.leave(id);
  }

  #initial(recovered: RecoveredGroup | undefined): InitialState {
    if (recovered?.snapshot)
      return { ...recovered, snapshot: recovered.snapshot, bootstrap: false, repairUntil: 0 };
    return bootstrapState(this.#configuration);
  }

  run(ms: number): void {
    const untilMs = this.scheduler.nowMs + ms;
    while (this.scheduler.step(untilMs));
  }

  /** Lets time pass until somebody leads, and everyone alive knows. */
  elect(): VirtualProcess {
    for (let i = 0; i < 100; i++) {
      this.run(50);
      const alive = [...this.processes.values()].filter((process) => process.alive);
      const leader = alive.find((process) => process.handle.status().role === 'leader');
      if (leader === undefined) continue;
      this.run(150);
      const known = alive.every((process) => process.handle.status().leader === leader.id);
      if (known) return leader;
    }
    throw new Error('no leader after five seconds');
  }

  followers(leader: VirtualProcess): [VirtualProcess, VirtualProcess] {
    const [first, second] = [...this.processes.values()].filter(({ id }) => id !== leader.id);
    if (first === undefined || second === undefined) throw new Error('there are two followers');
    return [first, second];
  }

  /** Messages of one type that were sent, newest last. */
  sent(type: string): number {
    return this.board.passed.filter(({ message }) => message.type === type).length;
  }
}
