import type { Logger } from '@quorate/base';
import { type ContentSource, holdContent } from '../core/database/database-content.ts';
import { BackupFigures } from './backup-figures.ts';
import { backupsAmong } from './backup-name.ts';
import type { BackupTarget } from './backup-target.ts';
import { drawBackup } from './draw-backup.ts';
import { type MadeBackup, makeBackup } from './make-backup.ts';
import { type Retention, superfluous } from './retention.ts';

/** When backups are made, where they go, and how long they stay. */
export interface BackupOptions {
  readonly target: BackupTarget;
  readonly intervalMs: number;
  /** Left out: all stay. */
  readonly retain?: Retention;
  /** A target that takes and gives nothing for so long is given up; left out: 10 minutes. */
  readonly stallMs?: number;
}

/** What backups are made of. */
export interface BackedUp extends ContentSource {
  isLeader(): boolean;
  readonly logger: Logger;
}

/** How often a member that is not the leader looks whether it is, at least. */
const longestWaitMs = 30_000;

const usualStallMs = 10 * 60_000;

/** After a failure the next attempt comes sooner than the next backup would. */
const longestRetryMs = 5 * 60_000;

/**
 * Makes backups at intervals, on whichever member leads. When the last one was made is told by the
 * names of the files, so that a new leader goes on where the last one was.
 */
export class BackupSchedule {
  readonly figures: BackupFigures;
  readonly #options: BackupOptions;
  readonly #state: BackedUp;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(options: BackupOptions, state: BackedUp) {
    this.#options = options;
    this.#state = state;
    this.figures = new BackupFigures(options.intervalMs);
  }

  start(): void {
    this.#wait(Math.min(1000, this.#options.intervalMs));
  }

  /** One that is being made is given up. Fulfilled when nothing is at work any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  #wait(delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#look().then((nextMs) => this.#wait(nextMs));
    }, delayMs);
  }

  /** @returns after how many milliseconds to look again */
  async #look(): Promise<number> {
    const { intervalMs } = this.#options;
    const waitMs = Math.min(intervalMs, longestWaitMs);
    if (!this.#state.isLeader()) return waitMs;
    try {
      const dueMs = (await this.#newestMs()) + intervalMs - Date.now();
      if (dueMs > 0) return Math.min(dueMs, waitMs);
      await this.#make();
      return waitMs;
    } catch (error) {
      if (this.#stopping.signal.aborted) return waitMs;
      this.#failed(error);
      return Math.min(intervalMs, longestRetryMs);
    }
  }

  /** A name of the future is of a clock that was wrong: it holds nothing up. */
  async #newestMs(): Promise<number> {
    const files = await this.#options.target.list();
    const nowMs = Date.now();
    const times = backupsAmong(files, this.#clusterId).map(({ atMs }) => atMs);
    const newestMs = Math.max(0, ...times.filter((atMs) => atMs <= nowMs));
    this.figures.seen(newestMs);
    return newestMs;
  }

  get #clusterId(): string {
    return this.#state.clusterId.toString(16).padStart(16, '0');
  }

  async #make(): Promise<void> {
    const { target } = this.#options;
    const { logger } = this.#state;
    const atMs = Date.now();
    const startedMs = performance.now();
    const made = await this.#written(atMs);
    const seconds = (performance.now() - startedMs) / 1000;
    this.figures.succeeded(atMs, seconds, made.bytes);
    const { name, bytes } = made;
    logger.info('backup made', { target: target.description, name, bytes, seconds });
    await this.#removeOld(name);
  }

  /** What a target holds up is held back in memory, so one that stands still is given up. */
  async #written(atMs: number): Promise<MadeBackup> {
    const content = holdContent(this.#state);
    const stalled = new AbortController();
    const given = Promise.withResolvers<never>();
    const { target, stallMs = usualStallMs } = this.#options;
    const stall = (): NodeJS.Timeout =>
      setTimeout(() => {
        const error = new Error(`nothing moved for ${stallMs / 1000} s`);
        stalled.abort(error);
        given.reject(error);
      }, stallMs);
    let timer = stall();
    const progressed = (): void => {
      clearTimeout(timer);
      if (!stalled.signal.aborted) timer = stall();
    };
    const signal = AbortSignal.any([this.#stopping.signal, stalled.signal]);
    const { clusterId, revision } = content;
    const source = { clusterId, revision, atMs, pieces: drawBackup(content, signal) };
    try {
      const making = makeBackup(source, target, progressed);
      return await Promise.race([making, given.promise]);
    } finally {
      // Whatever a target that was given up still asks for is refused.
      stalled.abort();
      clearTimeout(timer);
      content.release();
    }
  }

  /** What cannot be removed is tried again next time. */
  async #removeOld(good: string): Promise<void> {
    const { target, retain } = this.#options;
    if (retain === undefined) return;
    const backups = backupsAmong(await target.list(), this.#clusterId);
    for (const { name } of superfluous(backups, retain, good, Date.now())) {
      await target.remove(name);
      this.#state.logger.info('backup removed', { target: target.description, name });
    }
  }

  #failed(error: unknown): void {
    this.figures.failed();
    const reason = error instanceof Error ? error.message : String(error);
    this.#state.logger.error('backup failed', {
      target: this.#options.target.description,
      reason,
      fix: 'check that the target is there, has room, and that this process may write and read it',
    });
  }
}
