import type { Clock, Timer, Timers } from '@quorate/base';
import { encodeCommand } from '@quorate/kv';
import { keyValueCommand } from '../etcd-command.ts';
import type { AutoCompaction } from './auto-compaction.ts';
import { RevisionWindow } from './revision-window.ts';

const revisionIntervalMs = 5 * 60 * 1000;

export interface AutoCompactorOptions {
  readonly settings: AutoCompaction;
  readonly store: { readonly stats: { readonly revision: number } };
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Pick<Timers, 'after'>;
  readonly isLeader: () => boolean;
  /** `isDone`: it was compacted, or that much was already. */
  readonly propose: (command: Uint8Array, done: (isDone: boolean) => void) => void;
}

/**
 * Compacts while this member leads, as etcd does it, interval for interval: by time what is older
 * than the retention, from revisions noted ten times an interval; by number what is further back
 * than so many revisions. Nothing is compacted within one retention of the start.
 */
export class AutoCompactor {
  readonly #options: AutoCompactorOptions;
  readonly #look: () => void;
  readonly #everyMs: number;
  #timer: Timer | null = null;
  #isProposing = false;
  #isStopped = false;
  /** What was compacted last, and when. */
  #revision = 0;
  #compactedAtMs: number;

  constructor(options: AutoCompactorOptions) {
    this.#options = options;
    this.#compactedAtMs = options.clock.monotonicMs();
    const { settings } = options;
    if (settings.mode === 'revision') {
      this.#everyMs = revisionIntervalMs;
      this.#look = () => this.#byRevision(settings.retention);
    } else {
      const window = new RevisionWindow(settings.retentionMs);
      window.note(this.#newest);
      this.#everyMs = window.sampleMs;
      this.#look = this.#byTime(window, settings.retentionMs);
    }
    this.#arm();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  get #newest(): number {
    return this.#options.store.stats.revision;
  }

  #arm(): void {
    if (this.#isStopped) return;
    this.#timer = this.#options.timers.after(this.#everyMs, () => {
      this.#arm();
      this.#look();
    });
  }

  #byRevision(retention: number): void {
    const revision = this.#newest - retention;
    if (this.#options.isLeader() && revision > 0) this.#compact(revision);
  }

  /** Until the first compaction a whole retention passes. */
  #byTime(window: RevisionWindow, retentionMs: number): () => void {
    let waitMs = retentionMs;
    return () => {
      const { oldest } = window;
      window.note(this.#newest);
      const waitedMs = this.#options.clock.monotonicMs() - this.#compactedAtMs;
      if (!this.#options.isLeader() || waitedMs < waitMs) return;
      waitMs = window.intervalMs;
      this.#compact(oldest);
    };
  }

  /** What fails is tried again when it is looked next. */
  #compact(revision: number): void {
    if (this.#isProposing || revision === this.#revision) return;
    this.#isProposing = true;
    const command = keyValueCommand(encodeCommand({ kind: 'compact', revision }));
    this.#options.propose(command, (isDone) => {
      this.#isProposing = false;
      if (!isDone) return;
      this.#revision = revision;
      this.#compactedAtMs = this.#options.clock.monotonicMs();
    });
  }
}
