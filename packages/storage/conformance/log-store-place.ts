import { type ContractRule, demand, type Pace, waitFor } from '@quorate/base/conformance';
import type { GroupWrite, LogStore } from '@quorate/raft';
import { type Entry, majorityConfiguration, type SnapshotMeta } from '@quorate/schema';
import { differenceOfLogs } from './first-difference.ts';
import { applyToModel, type LogModel, modelOf } from './log-model.ts';
import { logStoreRules } from './log-store-rules.ts';

/** One place where logs are kept, empty at first. */
export interface LogStorePlace extends Pace {
  /** Opens what is there, also after a crash or a close. */
  open(): LogStore | Promise<LogStore>;
  /**
   * The machine loses its power: what is not durable is gone, and nobody of the present life is
   * called any more. May be called from inside a completion. The store is then held to its word.
   */
  crash(): void | Promise<void>;
  /**
   * From now on what the store writes to fails. A place that cannot do that leaves it out, and the
   * case that needs it is not run.
   */
  failWrites?(): void;
  /** Called when a case is over. */
  dispose?(): void | Promise<void>;
}

/** Collects the answers to submissions, in the order in which they came. */
export class Submitter {
  readonly answers: { readonly number: number; readonly error: Error | null }[] = [];
  /** Called with each answer. */
  onAnswer: () => void = () => undefined;
  readonly #log: LogStore;
  #submitted = 0;
  #isInCall = false;
  #wasInside = false;

  constructor(log: LogStore) {
    this.#log = log;
  }

  get submitted(): number {
    return this.#submitted;
  }

  submit(...writes: readonly GroupWrite[]): void {
    this.#submitted += 1;
    const number = this.#submitted;
    this.#isInCall = true;
    this.#log.submit(writes, (error) => {
      if (this.#isInCall) this.#wasInside = true;
      this.answers.push({ number, error });
      this.onAnswer();
    });
    this.#isInCall = false;
  }

  /** @throws ConformanceFailure unless all was answered in order, once, and without error */
  async settle(place: Pace): Promise<void> {
    const areAnswered = (): boolean => this.answers.length >= this.#submitted;
    await waitFor(place, areAnswered, logStoreRules.answered, () => {
      const missing = this.#submitted - this.answers.length;
      return `${missing} of ${this.#submitted} submissions were never answered.`;
    });
    this.check();
  }

  /** As far as answers have come. */
  check(): void {
    const inside = 'It called done from inside submit.';
    demand(!this.#wasInside, logStoreRules.notInside, inside);
    const seen = new Set<number>();
    for (const [at, { number, error }] of this.answers.entries()) {
      const twice = `It answered submission ${number} twice.`;
      demand(!seen.has(number), logStoreRules.answered, twice);
      seen.add(number);
      const early = `It answered submission ${number} before submission ${at + 1}.`;
      demand(number === at + 1, logStoreRules.order, early);
      const failed = `It answered a legal submission with an error: ${error?.message}.`;
      demand(error === null, logStoreRules.answered, failed);
    }
  }
}

/** Submits, and waits until it is durable. */
export async function commit(
  place: Pace,
  log: LogStore,
  ...writes: readonly GroupWrite[]
): Promise<void> {
  const submitter = new Submitter(log);
  submitter.submit(...writes);
  await submitter.settle(place);
}

/** The power goes, and the store is opened again. */
export async function restart(place: LogStorePlace): Promise<LogStore> {
  await place.crash();
  return place.open();
}

/** Nothing was written but these, in this order. */
export function written(...writes: readonly GroupWrite[]): LogModel {
  const model: LogModel = new Map();
  for (const one of writes) applyToModel(model, one);
  return model;
}

/** @throws ConformanceFailure when what was recovered is not `expected` */
export function expectRecovered(
  log: LogStore,
  expected: LogModel,
  rule: ContractRule,
  when: string,
): void {
  const difference = differenceOfLogs(modelOf(log.recovered), expected);
  demand(difference === null, rule, `${when}, what was recovered differs: ${difference}.`);
}

export function write(group: number, parts: Partial<GroupWrite>): GroupWrite {
  const nothing = { hardState: null, truncateAfter: null, entries: [], snapshot: null };
  return { group, ...nothing, logStart: null, ...parts };
}

export function entry(index: number, term: number, data: string | Uint8Array): Entry {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  return { index, term, kind: 0, timestampMicros: 1000 + index, data: bytes };
}

/** Entries `first` to `last`, each of so many bytes. */
export function entries(first: number, last: number, term: number, bytes: number): Entry[] {
  return Array.from({ length: last - first + 1 }, (_, at) =>
    entry(first + at, term, new Uint8Array(bytes).fill(first + at)),
  );
}

export function snapshotMeta(index: number, term: number): SnapshotMeta {
  const configuration = majorityConfiguration([1, 2, 3], [4]);
  return { index, term, timestampMicros: 1000 + index, configuration, withheld: false };
}

/** Takes a snapshot of everything so far, on paper, and cuts the log behind it. */
export function cut(group: number, index: number, term: number): GroupWrite {
  return write(group, { snapshot: snapshotMeta(index, term), logStart: { index, term } });
}
