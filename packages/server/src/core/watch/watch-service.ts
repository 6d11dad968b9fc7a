import { Prng, type Timers } from '@quorate/base';
import type { ChangeFeed } from '@quorate/kv';
import type { ServerIdentity } from '../answer-writer.ts';
import type { AuthGuard } from '../auth/auth-guard.ts';
import type { StreamMethod } from '../method.ts';
import type { SliceLimits } from './cohort.ts';
import { WatchAnswers } from './watch-answers.ts';
import { type WatchCensus, WatchHub } from './watch-hub.ts';
import { WatchStream, type WatchStreams } from './watch-stream.ts';

/** What may be left out of `WatchServiceOptions`. */
export interface WatchTuning {
  /** How often a quiet watcher hears how far it is, when it wants to; at least 100. */
  readonly progressIntervalMs: number;
  readonly fragmentBytes: number;
  /** Kept for one reader that is too slow. */
  readonly queueBytes: number;
  readonly slice: SliceLimits;
}

const defaultWatchTuning: WatchTuning = {
  progressIntervalMs: 10 * 60 * 1000,
  fragmentBytes: 2 * 1024 * 1024,
  queueBytes: 1024 * 1024,
  slice: { changes: 1024, bytes: 256 * 1024 },
};

const leastProgressIntervalMs = 100;

/** A tenth is added by chance, so that those who came together are not told together. */
const jitterParts = 10;

/** What watches are served from. One service follows one store for as long as both live. */
export interface WatchServiceOptions {
  readonly identity: ServerIdentity;
  readonly feed: ChangeFeed;
  /** Whether a client may see what it wants to watch; without it everyone may see everything. */
  readonly guard?: Pick<AuthGuard, 'readRefusal'>;
  readonly timers: Timers;
  /** As of now, for the header of an answer. */
  readonly raftTerm: () => number;
  readonly tuning?: Partial<WatchTuning>;
}

/** Tells of changes as they are applied here: each once, in order, whole revisions, no gap. */
export class WatchService {
  readonly #streams: WatchStreams;

  constructor({ identity, feed, guard, timers, raftTerm, tuning }: WatchServiceOptions) {
    const { fragmentBytes, queueBytes, slice, ...rest } = { ...defaultWatchTuning, ...tuning };
    const prng = new Prng(Number(BigInt.asUintN(53, identity.memberId)));
    const intervalMs = Math.max(leastProgressIntervalMs, rest.progressIntervalMs);
    this.#streams = {
      hub: new WatchHub({ feed, timers, limits: slice, prng: prng.fork() }),
      guard: guard ?? { readRefusal: () => null },
      answers: new WatchAnswers(identity),
      raftTerm,
      fragmentBytes,
      queueBytes,
      afterProgressInterval: (callback) =>
        timers.after(intervalMs + prng.below(intervalMs / jitterParts), callback),
    };
  }

  get census(): WatchCensus {
    return this.#streams.hub.census;
  }

  methods(): [path: string, method: StreamMethod][] {
    return [['/etcdserverpb.Watch/Watch', this.watch]];
  }

  /** The method itself, for those who wait for keys in this process. */
  readonly watch: StreamMethod = (call) => new WatchStream(call, this.#streams);
}
