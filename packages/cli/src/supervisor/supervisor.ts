import type { Clock, Timer, Timers } from '@quorate/base';
import type { ChildMessage } from '../child-message.ts';
import { CliError } from '../cli-error.ts';
import { BackOff, type BackOffLimits } from './back-off.ts';
import type { ClusterEvent } from './cluster-event.ts';
import { type Leader, Leadership } from './leadership.ts';

export interface NodeExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The end of what it wrote, when it wrote anything. */
  readonly lastWords: string | null;
}

export interface NodeHandlers {
  message(message: ChildMessage): void;
  /** Called exactly once, also when the process could not be started; nothing follows. */
  exited(exit: NodeExit): void;
}

/** A started process, as the supervisor needs it. */
export interface NodeProcess {
  /** 0 when it could not be started; `exited` follows. */
  readonly processId: number;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

export interface SupervisorOptions {
  readonly nodes: readonly string[];
  launch(node: string, handlers: NodeHandlers): NodeProcess;
  readonly timers: Pick<Timers, 'after'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly backOff: BackOffLimits;
  /** How long a node may take to end before it is killed. */
  readonly stopTimeoutMs: number;
  onEvent(event: ClusterEvent): void;
  /** A node has refused to start although it has never served: starting it again is no help. */
  onRefusal(error: CliError): void;
}

interface SupervisedNode {
  readonly name: string;
  readonly backOff: BackOff;
  process: NodeProcess | null;
  startedAtMs: number;
  failure: { readonly code: string; readonly message: string } | null;
  restart: Timer | null;
  onExit: (() => void) | null;
}

/** Keeps the nodes of a local cluster running, and knows who leads. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #nodes: readonly SupervisedNode[];
  readonly #leadership = new Leadership();
  #leader: Leader | null = null;
  #wasUp = false;
  #stopping: Promise<void> | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#nodes = options.nodes.map((name) => ({
      name,
      backOff: new BackOff(options.backOff),
      process: null,
      startedAtMs: 0,
      failure: null,
      restart: null,
      onExit: null,
    }));
  }

  get leader(): Leader | null {
    return this.#leader;
  }

  /** 0: not running at the moment. */
  processIdOf(name: string): number {
    return this.#nodes.find((node) => node.name === name)?.process?.processId ?? 0;
  }

  start(): void {
    for (const node of this.#nodes) this.#launch(node);
  }

  /** Stops one node after another, the leader last. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /** Ends everything at once, without asking. */
  kill(): void {
    for (const node of this.#nodes) node.process?.kill('SIGKILL');
  }

  #launch(node: SupervisedNode): void {
    node.restart = null;
    node.failure = null;
    node.startedAtMs = this.#options.clock.monotonicMs();
    node.process = this.#options.launch(node.name, {
      message: (message) => this.#received(node, message),
      exited: (exit) => this.#exited(node, exit),
    });
    const { processId } = node.process;
    if (processId !== 0) {
      this.#options.onEvent({ event: 'nodeStarted', node: node.name, processId });
    }
  }

  #received(node: SupervisedNode, message: ChildMessage): void {
    switch (message.kind) {
      case 'ready':
        this.#leadership.introduce(node.name, message.memberId);
        this.#options.onEvent({
          event: 'nodeReady',
          node: node.name,
          processId: node.process?.processId ?? 0,
        });
        this.#review();
        break;
      case 'leader':
        this.#leadership.observe(node.name, message.leader, message.term);
        this.#review();
        break;
      case 'failed':
        node.failure = message;
        break;
    }
  }

  /** Says who leads if that has changed, and that the cluster is up when it first is. */
  #review(): void {
    const leader = this.#leadership.current();
    const before = this.#leader;
    this.#leader = leader;
    if (this.#stopping !== null) return;
    if (!this.#wasUp) {
      // Also that each knows the leader: a node that does not would refuse the first request.
      if (leader === null || this.#leadership.supporters < this.#nodes.length) return;
      this.#wasUp = true;
      this.#options.onEvent({ event: 'clusterUp', leader: leader.node, term: leader.term });
    } else if (leader?.node !== before?.node) {
      this.#options.onEvent({
        event: 'leaderChanged',
        node: leader?.node ?? null,
        term: leader?.term ?? this.#leadership.term,
      });
    }
  }

  #exited(node: SupervisedNode, exit: NodeExit): void {
    const wasLeader = this.#leader?.node === node.name;
    const livedMs = this.#options.clock.monotonicMs() - node.startedAtMs;
    const { failure } = node;
    node.process = null;
    this.#leadership.forget(node.name);
    node.onExit?.();
    if (this.#stopping !== null) return;
    const isRefusal = failure !== null && !this.#wasUp;
    const restartInMs = isRefusal ? null : node.backOff.delayMs(livedMs);
    this.#options.onEvent({
      event: 'nodeExited',
      node: node.name,
      wasLeader,
      exitCode: exit.exitCode,
      signal: exit.signal,
      reason: failure?.message ?? exit.lastWords,
      restartInMs,
    });
    if (restartInMs === null) this.#refuse(node, failure?.code ?? null, failure?.message ?? '');
    else {
      node.restart = this.#options.timers.after(restartInMs, () => this.#launch(node));
      this.#review();
    }
  }

  #refuse(node: SupervisedNode, cause: string | null, message: string): void {
    this.#options.onRefusal(
      new CliError('CLI_START_FAILED', `${node.name} could not start: ${message}`, { cause }),
    );
  }

  async #stopAll(): Promise<void> {
    for (const node of this.#nodes) node.restart?.cancel();
    this.#options.onEvent({
      event: 'stopping',
      nodes: this.#inStopOrder().map((node) => node.name),
    });
    // The order is asked for anew each time: the leader may change while followers go.
    for (let next = this.#inStopOrder()[0]; next !== undefined; next = this.#inStopOrder()[0]) {
      const wasKilled = await this.#stopOne(next);
      this.#options.onEvent({ event: 'nodeStopped', node: next.name, wasKilled });
    }
    this.#options.onEvent({ event: 'stopped' });
  }

  #inStopOrder(): SupervisedNode[] {
    const running = this.#nodes.filter((node) => node.process !== null).reverse();
    const leads = (node: SupervisedNode): boolean => node.name === this.#leader?.node;
    return [...running.filter((node) => !leads(node)), ...running.filter(leads)];
  }

  #stopOne(node: SupervisedNode): Promise<boolean> {
    return new Promise((resolve) => {
      let wasKilled = false;
      const limit = this.#options.timers.after(this.#options.stopTimeoutMs, () => {
        wasKilled = true;
        node.process?.kill('SIGKILL');
      });
      node.onExit = () => {
        limit.cancel();
        resolve(wasKilled);
      };
      node.process?.kill('SIGTERM');
    });
  }
}
