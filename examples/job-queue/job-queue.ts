import type { SimpleEntry, SimpleStateMachine } from '@quorate/runtime';

export type Command =
  | { readonly kind: 'enqueue'; readonly name: string }
  | { readonly kind: 'claim'; readonly worker: string }
  | { readonly kind: 'finish'; readonly job: number; readonly worker: string };

export type Result =
  | { readonly kind: 'enqueued'; readonly job: number }
  | { readonly kind: 'claimed'; readonly job: number; readonly name: string }
  /** Nothing waits. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'finished' }
  | { readonly kind: 'refused'; readonly why: string };

/** How often what happened to how many jobs. */
export interface Report {
  readonly enqueued: number;
  /** Names that are in the queue more than once. */
  readonly repeatedNames: number;
  readonly waiting: number;
  /** Claimed, and not finished. */
  readonly running: number;
  readonly finished: number;
}

interface Job {
  readonly name: string;
  readonly worker: string | null;
  readonly finishedAtMicros: number | null;
}

const kinds = ['enqueue', 'claim', 'finish'];

/** Jobs in the order in which they came; each is given to one worker. */
export class JobQueue implements SimpleStateMachine<Command, Result, 'report', Report> {
  /** By number. Finished ones stay: the example counts them. */
  #jobs: Job[] = [];
  /** All before it have been claimed. */
  #next = 0;

  apply(command: Command, { timestampMicros }: SimpleEntry): Result {
    switch (command.kind) {
      case 'enqueue':
        this.#jobs.push({ name: command.name, worker: null, finishedAtMicros: null });
        return { kind: 'enqueued', job: this.#jobs.length - 1 };
      case 'claim':
        return this.#claim(command.worker);
      case 'finish':
        return this.#finish(command.job, command.worker, timestampMicros);
    }
  }

  #claim(worker: string): Result {
    const job = this.#jobs[this.#next];
    if (job === undefined) return { kind: 'empty' };
    this.#jobs[this.#next] = { ...job, worker };
    return { kind: 'claimed', job: this.#next++, name: job.name };
  }

  #finish(number: number, worker: string, nowMicros: number): Result {
    const job = this.#jobs[number];
    if (job === undefined) return { kind: 'refused', why: `there is no job ${number}` };
    if (job.worker !== worker) return { kind: 'refused', why: `job ${number} is not ${worker}'s` };
    if (job.finishedAtMicros !== null) {
      return { kind: 'refused', why: `job ${number} is finished already` };
    }
    this.#jobs[number] = { ...job, finishedAtMicros: nowMicros };
    return { kind: 'finished' };
  }

  query(_query: 'report'): Report {
    const finished = this.#jobs.filter((job) => job.finishedAtMicros !== null).length;
    const names = new Set(this.#jobs.map(({ name }) => name));
    return {
      enqueued: this.#jobs.length,
      repeatedNames: this.#jobs.length - names.size,
      waiting: this.#jobs.length - this.#next,
      running: this.#next - finished,
      finished,
    };
  }

  toJSON(): unknown {
    return { jobs: this.#jobs, next: this.#next };
  }

  fromJSON(state: unknown): void {
    const { jobs, next } = state as { jobs: Job[]; next: number };
    this.#jobs = jobs;
    this.#next = next;
  }

  checkCommand(command: unknown): void {
    const { kind, name, worker, job } = (command ?? {}) as Readonly<Record<string, unknown>>;
    if (!kinds.includes(String(kind))) throw new Error(`kind is none of ${kinds.join(', ')}`);
    if (kind === 'enqueue' && typeof name !== 'string') throw new Error('name is no text');
    if (kind !== 'enqueue' && typeof worker !== 'string') throw new Error('worker is no text');
    if (kind === 'finish' && !Number.isSafeInteger(job)) throw new Error('job is no number');
  }
}
