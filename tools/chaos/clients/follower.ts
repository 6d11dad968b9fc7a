import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import { eventToJson, type SeenEvent } from '../history/history-event.ts';
import type { Stream } from './connection.ts';
import { bytes, endOfPrefix, streamPaths } from './methods.ts';
import { versionOf } from './versions.ts';
import type { Worker } from './worker.ts';

export interface FollowerOptions {
  /** Keys that begin so; empty: all. */
  readonly prefix: string;
  readonly withPrevious: boolean;
  readonly withoutDeletes: boolean;
  /** Begins at the first revision, is never slow, and goes on until it has everything. */
  readonly isAuditor: boolean;
  /** Reads nothing for seconds, now and then. */
  readonly isSlow: boolean;
}

/** Nothing heard for so long: ask. For so long: try another member. */
const askAfterMs = 2000;
const leaveAfterMs = 6000;
const lookAgainMs = 100;
/** A watch that is as good as any other is given up all the same, to be resumed elsewhere. */
const leaveChance = 0.004;
const pauseChance = 0.02;

let watches = 0;

/** Follows keys through all that happens to members and links: one watch behind the other. */
export class Follower {
  readonly #worker: Worker;
  readonly #options: FollowerOptions;
  /** The revision from which it has not been told everything; 0: from now on. */
  #next: number;
  #heardAtMs = 0;
  #askedAtMs = 0;
  /** Told by the server to go on from there. */
  #hasEnded = true;

  constructor(worker: Worker, options: FollowerOptions) {
    this.#worker = worker;
    this.#options = options;
    this.#next = options.isAuditor ? 1 : 0;
  }

  /** Everything before this revision has been told. */
  get next(): number {
    return this.#next;
  }

  async run(): Promise<void> {
    const worker = this.#worker;
    while (!worker.isStopped) {
      await this.#follow();
      worker.move();
      await worker.pause(worker.prng.between(20, 200));
    }
  }

  /** One watch, from its creation to its end. */
  async #follow(): Promise<void> {
    const { prng } = this.#worker;
    const watch = ++watches;
    const stream = this.#open(watch);
    let isPaused = false;
    let resumeAtMs = 0;
    while (!this.#hasEnded && !this.#worker.isStopped) {
      await this.#worker.pause(lookAgainMs);
      const now = performance.now();
      if (isPaused) {
        if (now < resumeAtMs) continue;
        isPaused = false;
        this.#heardAtMs = now;
        stream.resume();
      }
      const quietMs = now - this.#heardAtMs;
      const mayLeave = !this.#options.isAuditor && prng.chance(leaveChance);
      if (quietMs > leaveAfterMs || mayLeave) break;
      if (quietMs > askAfterMs && now - this.#askedAtMs > askAfterMs) {
        this.#askedAtMs = now;
        stream.send(encodeMessage(etcd.WatchRequest, { progressRequest: {} }));
      }
      if (this.#options.isSlow && prng.chance(pauseChance)) {
        isPaused = true;
        resumeAtMs = now + prng.between(1000, 6000);
        stream.pause();
      }
    }
    stream.cancel();
    this.#end(watch, 'left by the client', 0);
  }

  #open(watch: number): Stream {
    const { prefix, withPrevious, withoutDeletes, isAuditor } = this.#options;
    const connection = this.#worker.connection();
    const asked = {
      watch,
      from: this.#next,
      previous: withPrevious,
      noDelete: withoutDeletes,
      auditor: isAuditor,
    };
    this.#worker.note({ type: 'invoke', f: 'watch', key: prefix, value: asked });
    this.#hasEnded = false;
    this.#heardAtMs = performance.now();
    this.#askedAtMs = this.#heardAtMs;
    this.#isCreated = false;
    const stream = connection.stream(streamPaths.watch, {
      message: (message) => {
        const answer = decodeMessage(etcd.WatchResponse, message);
        if (answer !== null && !this.#hasEnded) this.#told(watch, answer);
      },
      ended: (error) => this.#end(watch, error, 0),
    });
    stream.send(
      encodeMessage(etcd.WatchRequest, {
        createRequest: {
          key: prefix === '' ? new Uint8Array(1) : bytes(prefix),
          rangeEnd: endOfPrefix(prefix),
          startRevision: this.#next,
          prevKv: withPrevious,
          filters: withoutDeletes ? [etcd.WatchCreateRequestFilterType.NODELETE] : [],
        },
      }),
    );
    return stream;
  }

  #isCreated = false;

  #told(watch: number, answer: etcd.WatchResponse): void {
    const worker = this.#worker;
    const revision = answer.header?.revision ?? 0;
    this.#heardAtMs = performance.now();
    if (answer.canceled) {
      this.#end(watch, answer.cancelReason, answer.compactRevision);
    } else if (answer.created) {
      if (this.#next === 0) this.#next = revision + 1;
      this.#isCreated = true;
      const value = { watch, from: this.#next };
      worker.note({ type: 'ok', f: 'watch', key: this.#options.prefix, value, revision });
    } else {
      const events = answer.events.flatMap((event) => this.#seen(event));
      const f = events.length > 0 ? 'watch-events' : 'watch-progress';
      const value = { watch, events: events.map(eventToJson) };
      worker.note({ type: 'info', f, key: this.#options.prefix, value, revision });
      this.#next = Math.max(this.#next, revision + 1);
    }
  }

  #seen({ type, kv, prevKv }: etcd.Event): SeenEvent[] {
    if (kv === null) return [];
    const version = versionOf(kv, type === etcd.EventType.DELETE);
    if (!this.#options.withPrevious) return [version];
    return [{ ...version, previous: prevKv === null ? null : versionOf(prevKv) }];
  }

  #end(watch: number, error: string, compacted: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { prefix, isAuditor } = this.#options;
    const worker = this.#worker;
    if (!this.#isCreated) worker.note({ type: 'info', f: 'watch', key: prefix, value: { watch } });
    worker.note({ type: 'info', f: 'watch-end', key: prefix, value: { watch, compacted }, error });
    // What the auditor misses is a gap, for the checks to find.
    if (compacted > 0 && (!isAuditor || compacted > this.#next)) this.#next = compacted;
  }
}
