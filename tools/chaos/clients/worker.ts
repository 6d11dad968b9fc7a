import type { Prng } from '@quorate/base';
import type { etcd } from '@quorate/schema';
import type { HistoryEvent, Json } from '../history/history-event.ts';
import type { HistoryWriter } from '../history/history-writer.ts';
import type { Connection, Outcome } from './connection.ts';

/** What all clients of a run share. */
export interface Workload {
  readonly history: HistoryWriter;
  /** Where clients reach the members at present. */
  readonly endpoints: () => readonly string[];
  readonly connect: (endpoint: string) => Connection;
  /** Aborted when the clients are to stop. */
  readonly stop: AbortSignal;
  /** Of a single client, in operations per second. */
  readonly ratePerSecond: number;
  readonly nextProcess: () => number;
}

/** What an answer adds to the history. */
export interface Told {
  readonly value: Json;
  readonly detail?: Json;
  /** Instead of the answer's own. */
  readonly failed?: string;
}

/** How long a client waits after an answer that was none, so that a dead member is not hammered. */
const breathMs = 100;

/**
 * A client: one call at a time, each to one member and never repeated, all of it written down. It
 * is another process after a call whose outcome it does not know.
 */
export class Worker {
  readonly workload: Workload;
  readonly prng: Prng;
  process: number;
  #endpoint = '';
  #connection: Connection | null = null;

  constructor(workload: Workload, prng: Prng) {
    this.workload = workload;
    this.prng = prng;
    this.process = workload.nextProcess();
  }

  get isStopped(): boolean {
    return this.workload.stop.aborted;
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  /** To the member that answered last, or to another after one that did not. */
  connection(): Connection {
    if (this.#connection === null) {
      this.#endpoint = this.prng.pick(this.workload.endpoints());
      this.#connection = this.workload.connect(this.#endpoint);
    }
    return this.#connection;
  }

  move(): void {
    this.#connection?.close();
    this.#connection = null;
  }

  note(event: Omit<HistoryEvent, 'time' | 'process' | 'node'>): number {
    return this.workload.history.add({ process: this.process, node: this.#endpoint, ...event });
  }

  /**
   * Makes a call and writes down both ends of it.
   *
   * @returns the answer, or null
   */
  async record<Answer extends { readonly header: etcd.ResponseHeader | null }>(
    f: string,
    key: string | null,
    input: Json,
    call: (connection: Connection) => Promise<Outcome<Answer>>,
    tell: (answer: Answer) => Told,
  ): Promise<Answer | null> {
    const connection = this.connection();
    this.note({ type: 'invoke', f, key, value: input });
    const outcome = await call(connection);
    if (outcome.kind !== 'ok') {
      const { kind, error } = outcome;
      this.note({ type: kind, f, key, value: input, error });
      if (kind === 'info') this.process = this.workload.nextProcess();
      this.move();
      await this.pause(breathMs);
      return null;
    }
    const { value, detail, failed } = tell(outcome.answer);
    const revision = outcome.answer.header?.revision ?? 0;
    this.note({
      type: failed === undefined ? 'ok' : 'fail',
      f,
      key,
      value,
      revision,
      ...(failed === undefined ? {} : { error: failed }),
      ...(detail === undefined ? {} : { detail }),
    });
    return outcome.answer;
  }

  /** So long that, all in all, the rate is kept; at random, lest clients march in step. */
  think(): Promise<void> {
    return this.pause((this.prng.float() * 2000) / this.workload.ratePerSecond);
  }

  /** Ends early when the clients are to stop. */
  pause(ms: number): Promise<void> {
    const { stop } = this.workload;
    if (stop.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        stop.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      stop.addEventListener('abort', end);
    });
  }
}
