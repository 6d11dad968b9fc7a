import type { Prng } from '@quorate/base';
import type { KvResult } from '@quorate/kv';
import {
  answerOfError,
  type CommandOutcome,
  type SessionAnswer,
  SessionClient,
  type SessionResult,
  type SessionSend,
} from '@quorate/runtime';
import type { SimulatedCluster, SimulatedNode } from '@quorate/sim';
import type { Answered } from './write-path.ts';

export interface SessionPathOptions {
  readonly cluster: SimulatedCluster;
  readonly group: number;
  readonly prng: Prng;
  /** Through which commands go. */
  readonly nodes: readonly SimulatedNode[];
  readonly ttlMs: number;
  /** After so long an attempt is given up, its outcome unknown: at least, and at most. */
  readonly patienceMs: readonly [number, number];
}

const maxOutstanding = 8;

/**
 * Clients that share one session after another: what is sent is sent again, through any node, until
 * it is answered or late. When a session has expired they open the next.
 */
export class SessionPath<Result = KvResult> {
  readonly #options: SessionPathOptions;
  #session: OpenSession<Result> | null = null;
  #isStopped = false;

  constructor(options: SessionPathOptions) {
    this.#options = options;
  }

  /** @param deadlineMs in virtual time: what is known then is the outcome */
  write(command: Uint8Array, deadlineMs: number, answered: Answered<Result>): void {
    if (this.#isStopped) return;
    if (this.#session === null || this.#session.isOver) {
      this.#session = new OpenSession<Result>(this.#options);
    }
    if (this.#session.write(command, deadlineMs, answered)) return;
    answered({ kind: 'refused', code: 'too many outstanding' });
  }

  /** Nothing is sent any more, nor answered: the session ends by itself. */
  stop(): void {
    this.#isStopped = true;
    this.#session?.stop();
  }
}

/** One session, from its opening to its end. */
class OpenSession<Result> {
  readonly #options: SessionPathOptions;
  readonly #client: SessionClient<Result>;
  readonly #waiting = new Map<number, Answered<Result>>();
  #isStopped = false;
  #pumpAtMs = Number.POSITIVE_INFINITY;

  constructor(options: SessionPathOptions) {
    this.#options = options;
    const { prng, ttlMs } = options;
    this.#client = new SessionClient<Result>({
      ttlMs,
      nonce: Uint8Array.from({ length: 8 }, () => prng.below(256)),
      maxOutstanding,
      backoff: { minPauseMs: 10, maxPauseMs: 400, prng: prng.fork() },
    });
  }

  get isOver(): boolean {
    const { state } = this.#client;
    return state === 'expired' || state === 'closed';
  }

  get #nowMs(): number {
    return this.#options.cluster.scheduler.nowMs;
  }

  /** @returns whether it was taken */
  write(command: Uint8Array, deadlineMs: number, answered: Answered<Result>): boolean {
    const sequence = this.#client.submit(command, this.#nowMs, deadlineMs);
    if (sequence === null) return false;
    this.#waiting.set(sequence, answered);
    this.#pump();
    return true;
  }

  stop(): void {
    this.#isStopped = true;
  }

  #pump(): void {
    if (this.#isStopped) return;
    const { scheduler } = this.#options.cluster;
    for (const send of this.#client.takeSends(this.#nowMs)) this.#send(send);
    for (const outcome of this.#client.takeOutcomes()) this.#tell(outcome);
    const { deadlineMs } = this.#client;
    if (deadlineMs === Number.POSITIVE_INFINITY || deadlineMs >= this.#pumpAtMs) return;
    this.#pumpAtMs = deadlineMs;
    scheduler.schedule(Math.max(0, deadlineMs - this.#nowMs), () => {
      if (this.#pumpAtMs !== deadlineMs) return;
      this.#pumpAtMs = Number.POSITIVE_INFINITY;
      this.#pump();
    });
  }

  #send({ id, command }: SessionSend): void {
    const { cluster, group, prng, nodes, patienceMs } = this.#options;
    let isAnswered = false;
    const answered = (answer: SessionAnswer<Result>): void => {
      if (isAnswered || this.#isStopped) return;
      isAnswered = true;
      this.#client.answered(id, answer, this.#nowMs);
      this.#pump();
    };
    const node = prng.pick(nodes);
    const { host } = node;
    const onTheWayMs = prng.float();
    if (host === null) {
      // Nobody listens there, which a client learns at once.
      cluster.scheduler.schedule(onTheWayMs, () => {
        answered({ kind: 'notAppended', retryAfterMs: 0 });
      });
      return;
    }
    cluster.scheduler.schedule(prng.between(...patienceMs), () => {
      answered({ kind: 'outcomeUnknown' });
    });
    // As in `KvClient`: one that stands still finds it later, one that dies never.
    node.world.schedule(onTheWayMs, () => {
      if (node.host !== host) return;
      host.group<SessionResult<Result>>(group).propose(command, (error, applied) => {
        if (error !== null) answered(answerOfError(error));
        else if (applied !== null) answered({ kind: 'result', result: applied.result });
      });
    });
  }

  #tell(outcome: CommandOutcome<Result>): void {
    const answered = this.#waiting.get(outcome.sequence);
    this.#waiting.delete(outcome.sequence);
    switch (outcome.kind) {
      case 'applied':
        answered?.({ kind: 'done', index: outcome.firstIndex, result: outcome.result });
        break;
      case 'answerForgotten':
        answered?.({ kind: 'done', index: outcome.firstIndex, result: null });
        break;
      case 'notApplied':
        answered?.({ kind: 'refused', code: `session: ${outcome.reason}` });
        break;
      default:
        answered?.({ kind: 'unknown' });
    }
  }
}
