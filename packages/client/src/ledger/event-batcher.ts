import { type BatchResults, decodeResults, maxBatchEvents } from '@quorate/ledger';
import { ClientError, clientClosed } from '../client-error.ts';
import type { CreateOutcome, EventFailure } from './ledger-client.ts';

/** Puts events of one kind together into a batch. */
export interface BatchBuilder<Event> {
  readonly count: number;
  /** @throws LedgerError LEDGER_FIELD_INVALID; nothing was added */
  add(event: Event): void;
  clear(): void;
  encode(): Uint8Array;
}

export interface EventBatcherOptions<Event, Result extends string> {
  readonly builder: BatchBuilder<Event>;
  readonly submit: (batch: Uint8Array) => Promise<Uint8Array>;
  /** Of a result on the wire. */
  readonly nameOf: (result: number) => Result | undefined;
  /** Batches of this batcher under way at a time. */
  readonly pipelinedBatches: number;
  /** There is room again, perhaps. */
  readonly moved: () => void;
}

/** Some events that go into one batch together: a call, or a part of a long one. */
interface Part<Event> {
  readonly events: readonly Event[];
  readonly fulfil: (results: PartResults) => void;
  readonly reject: (error: unknown) => void;
}

/** What is sent, and whose it is. */
interface Batch<Event> {
  readonly batch: Uint8Array;
  readonly parts: readonly Part<Event>[];
}

/** What became of a part; indexes are the part's. */
interface PartResults {
  readonly timestamp: bigint;
  readonly failures: BatchResults['failures'];
}

interface Linkable {
  readonly flags?: number;
}

/** The bit of the flags of accounts and of transfers alike. */
const linked = 1;

/**
 * Makes batches of calls. Those of one turn of the event loop share one, and while as many batches
 * are under way as may be, what comes gathers in the next: few events travel at once, many
 * together.
 */
export class EventBatcher<Event extends Linkable, Result extends string> {
  readonly #options: EventBatcherOptions<Event, Result>;
  #parts: Part<Event>[] = [];
  #queuedEvents = 0;
  #underWay = 0;
  #isDue = false;
  #isClosed = false;

  constructor(options: EventBatcherOptions<Event, Result>) {
    this.#options = options;
  }

  /** Not sent yet. */
  get queuedEvents(): number {
    return this.#queuedEvents;
  }

  /**
   * @param events of one call; not changed by anyone until it is answered
   * @throws as `LedgerClient.createTransfers`
   */
  async create(events: readonly Event[]): Promise<CreateOutcome<Result>> {
    if (this.#isClosed) throw clientClosed();
    const cuts = partsOf(events);
    const results = await Promise.all(cuts.map((part) => this.#add(part)));
    return this.#outcomeOf(cuts, results);
  }

  /** What was not sent yet rejects. */
  close(): void {
    this.#isClosed = true;
    const parts = this.#parts;
    this.#parts = [];
    for (const { reject } of parts) reject(clientClosed());
  }

  #add(events: readonly Event[]): Promise<PartResults> {
    return new Promise((fulfil, reject) => {
      this.#parts.push({ events, fulfil, reject });
      this.#queuedEvents += events.length;
      if (this.#isDue || this.#underWay >= this.#options.pipelinedBatches) return;
      this.#isDue = true;
      // Not a microtask: all that was woken by one answer comes along.
      setImmediate(() => {
        this.#isDue = false;
        this.#send();
      });
    });
  }

  #send(): void {
    while (this.#underWay < this.#options.pipelinedBatches && this.#parts.length > 0) {
      const parts = this.#takeParts();
      const built = this.#build(parts);
      if (built !== null) void this.#deliver(built.batch, built.parts);
    }
    this.#options.moved();
  }

  /** As many as a batch holds, in their order. */
  #takeParts(): readonly Part<Event>[] {
    let taken = 0;
    let events = 0;
    for (const part of this.#parts) {
      if (events + part.events.length > maxBatchEvents) break;
      events += part.events.length;
      taken += 1;
      // What follows must not become a part of its chain.
      if (isOpen(part.events)) break;
    }
    this.#queuedEvents -= events;
    return this.#parts.splice(0, taken);
  }

  /** Calls with events that fit no batch are rejected; the others are not to know of them. */
  #build(parts: readonly Part<Event>[]): Batch<Event> | null {
    const { builder } = this.#options;
    let { fitting, isPure } = this.#fill(parts);
    while (!isPure) ({ fitting, isPure } = this.#fill(fitting));
    const batch = builder.count === 0 ? null : builder.encode();
    builder.clear();
    return batch === null ? null : { batch, parts: fitting };
  }

  /** Rejects what does not fit; `isPure`: of that nothing is in the builder. */
  #fill(parts: readonly Part<Event>[]): { fitting: readonly Part<Event>[]; isPure: boolean } {
    const { builder } = this.#options;
    builder.clear();
    const fitting: Part<Event>[] = [];
    for (const [at, part] of parts.entries()) {
      const before = builder.count;
      try {
        for (const event of part.events) builder.add(event);
        fitting.push(part);
      } catch (error) {
        part.reject(error);
        if (builder.count > before) {
          return { fitting: [...fitting, ...parts.slice(at + 1)], isPure: false };
        }
      }
    }
    return { fitting, isPure: true };
  }

  async #deliver(batch: Uint8Array, parts: readonly Part<Event>[]): Promise<void> {
    this.#underWay += 1;
    try {
      const results = decodeResults(await this.#options.submit(batch));
      this.#share(results, parts);
    } catch (error) {
      for (const { reject } of parts) reject(error);
    }
    this.#underWay -= 1;
    this.#send();
  }

  #share({ timestamp, failures }: BatchResults, parts: readonly Part<Event>[]): void {
    let from = 0;
    let next = 0;
    for (const { events, fulfil } of parts) {
      const end = from + events.length;
      const own: BatchResults['failures'][number][] = [];
      for (let one = failures[next]; one !== undefined && one.index < end; one = failures[next]) {
        own.push({ index: one.index - from, result: one.result });
        next += 1;
      }
      fulfil({ timestamp: timestamp + BigInt(from), failures: own });
      from = end;
    }
  }

  #outcomeOf(
    parts: readonly (readonly Event[])[],
    results: readonly PartResults[],
  ): CreateOutcome<Result> {
    const failures: EventFailure<Result>[] = [];
    const starts: { readonly from: number; readonly timestamp: bigint }[] = [];
    let from = 0;
    for (const [at, { timestamp, failures: own }] of results.entries()) {
      starts.push({ from, timestamp });
      for (const { index, result } of own) {
        failures.push({ index: from + index, result: this.#nameOf(result) });
      }
      from += parts[at]?.length ?? 0;
    }
    const timestampOf = (index: number): bigint => {
      const start = starts.findLast((one) => one.from <= index);
      return start === undefined ? 0n : start.timestamp + BigInt(index - start.from);
    };
    return { failures, timestampOf };
  }

  #nameOf(result: number): Result {
    const name = this.#options.nameOf(result);
    if (name !== undefined) return name;
    const reason = `result ${result} is not known to this release`;
    throw new ClientError('CLIENT_BATCH_INVALID', `${reason}: use a newer client`, { reason });
  }
}

function isOpen(events: readonly Linkable[]): boolean {
  return ((events.at(-1)?.flags ?? 0) & linked) !== 0;
}

/**
 * Cuts the events of a call into parts that fit a batch, between chains.
 *
 * @throws ClientError CLIENT_BATCH_INVALID when a chain is longer than a batch
 */
function partsOf<Event extends Linkable>(events: readonly Event[]): readonly (readonly Event[])[] {
  if (events.length === 0) return [];
  if (events.length <= maxBatchEvents) return [events];
  const parts: (readonly Event[])[] = [];
  for (let from = 0; from < events.length; ) {
    let end = Math.min(from + maxBatchEvents, events.length);
    const isLast = end === events.length;
    while (!isLast && end > from && isOpen(events.slice(end - 1, end))) end -= 1;
    if (end === from) {
      const reason = `a chain has more than the ${maxBatchEvents} events of a batch`;
      throw new ClientError('CLIENT_BATCH_INVALID', `${reason}: make it shorter`, { reason });
    }
    parts.push(events.slice(from, end));
    from = end;
  }
  return parts;
}
