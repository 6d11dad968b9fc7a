import {
  AccountResult,
  accountResultName,
  type BatchResults,
  maxBatchEvents,
  TransferFlag,
  TransferResult,
  transferResultName,
} from '@quorate/ledger';
import { CliError } from '../../cli-error.ts';
import type { EventKind } from '../files/event-columns.ts';
import type { EventFile, FileEvent } from '../files/event-file.ts';
import type { BadRecord } from '../files/record.ts';
import type { LedgerConnection } from '../ledger-connection.ts';
import { AccountLimits } from './account-limits.ts';
import { BatchPipeline } from './batch-pipeline.ts';
import { type EventBatch, EventBatches } from './event-batch.ts';
import type { ImportPosition } from './import-position.ts';

/** An event that the ledger did not carry out. */
export interface FailedEvent {
  readonly line: number;
  readonly id: bigint;
  /** The name of its result. */
  readonly result: string;
}

/** What an import tells while it runs; all of it in the order of the file. */
export interface ImportListener {
  failed(event: FailedEvent): void;
  leftOut(bad: BadRecord): void;
  /** There is a new position. */
  moved(position: ImportPosition): void;
}

export interface ImportRunOptions {
  readonly connection: LedgerConnection;
  readonly file: EventFile;
  /** Where to begin; null: at the beginning. */
  readonly from: ImportPosition | null;
  readonly scale: number;
  readonly leavesOutBad: boolean;
  readonly batchEvents: number;
  readonly inFlight: number;
  readonly signal: AbortSignal;
  readonly listener: ImportListener;
}

/** Why an import ended. */
export type ImportEnd =
  | { readonly kind: 'whole' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'bad'; readonly bad: BadRecord }
  /** `unanswered`: the lines that were sent and not answered. */
  | { readonly kind: 'error'; readonly error: unknown; readonly unanswered: readonly number[] };

/** One run through a file, or what is left of it. */
export class ImportRun {
  readonly #options: ImportRunOptions;
  #batches: EventBatches | null = null;
  #pipeline: BatchPipeline | null = null;
  #position: ImportPosition | null;
  /** A chain that has begun: its events go into one batch. */
  #chain: FileEvent[] = [];
  /** A line of the chain that goes on was left out, and so the whole chain is. */
  #isChainBad = false;

  constructor(options: ImportRunOptions) {
    this.#options = options;
    this.#position = options.from;
  }

  /** null: nothing was acknowledged yet. */
  get position(): ImportPosition | null {
    return this.#position;
  }

  /** Fulfilled when nothing is under way any more. */
  async run(): Promise<ImportEnd> {
    let end: ImportEnd = { kind: 'whole' };
    try {
      end = await this.#read();
      if (end.kind !== 'stopped') await this.#flushAll(end.kind === 'whole');
    } catch (error) {
      end = { kind: 'error', error, unanswered: [] };
    }
    try {
      await this.#pipeline?.end();
    } catch (error) {
      if (end.kind !== 'error') end = { kind: 'error', error, unanswered: [] };
    }
    if (end.kind !== 'error') return end;
    const lost = this.#pipeline?.unanswered ?? [];
    return { ...end, unanswered: lost.flatMap(({ lines }) => lines) };
  }

  async #read(): Promise<ImportEnd> {
    const { file, from, signal } = this.#options;
    for await (const events of file.read(from)) {
      for (const event of events) {
        if (signal.aborted) return { kind: 'stopped' };
        if (!event.isGood) {
          if (!this.#mayLeaveOut(event)) return { kind: 'bad', bad: event };
          this.#leaveOut(event);
        } else {
          const room = this.#take(event);
          if (room !== null) await room;
        }
      }
    }
    return { kind: signal.aborted ? 'stopped' : 'whole' };
  }

  #mayLeaveOut(bad: BadRecord): boolean {
    return this.#options.leavesOutBad && !bad.isLast && bad.isLinked !== null;
  }

  /** @returns null: the next event can be taken at once */
  #take(event: FileEvent): Promise<void> | null {
    const isLinked = ((event.event.flags ?? 0) & TransferFlag.linked) !== 0;
    if (this.#isChainBad) {
      this.#isChainBad = isLinked;
      this.#reader().leaveOut(ofBadChain(event));
      return null;
    }
    if (isLinked) {
      this.#chain.push(event);
      return this.#chain.length > this.#capacity ? this.#chainTooLong(this.#chain) : null;
    }
    if (this.#chain.length > 0) {
      const chain = [...this.#chain, event];
      this.#chain = [];
      return this.#addAll(chain);
    }
    const batches = this.#reader();
    if (!batches.hasRoom(1)) return this.#addAll([event]);
    batches.add(event);
    return null;
  }

  get #capacity(): number {
    return Math.min(this.#options.batchEvents, maxBatchEvents);
  }

  #chainTooLong(chain: readonly FileEvent[]): never {
    const begins = `line ${chain[0]?.line ?? 0}: the chain that begins here has more`;
    const message = `${begins} than the ${this.#capacity} events of a batch; make it shorter`;
    throw new CliError('CLI_REQUEST_FAILED', message, { cause: 'BAD_LINE' });
  }

  async #addAll(events: readonly FileEvent[]): Promise<void> {
    const batches = this.#reader();
    if (!batches.hasRoom(events.length)) await this.#flush();
    if (!batches.hasRoom(events.length)) this.#chainTooLong(events);
    for (const event of events) batches.add(event);
  }

  #leaveOut(bad: BadRecord): void {
    const batches = this.#reader();
    const isInChain = this.#chain.length > 0 || this.#isChainBad;
    for (const event of this.#chain) batches.leaveOut(ofBadChain(event));
    this.#chain = [];
    this.#isChainBad = bad.isLinked === true;
    const why = isInChain ? `${bad.reason}; its chain is left out with it` : bad.reason;
    batches.leaveOut({ ...bad, reason: why });
  }

  /** @param withChain a chain that the file leaves open is sent, and refused by the ledger */
  async #flushAll(withChain: boolean): Promise<void> {
    const chain = this.#chain;
    this.#chain = [];
    if (withChain && chain.length > 0) await this.#addAll(chain);
    await this.#flush();
  }

  async #flush(): Promise<void> {
    const batch = this.#batches?.take() ?? null;
    if (batch !== null) await this.#pipeline?.add(batch);
  }

  /** The kind of events is known with the first of them. */
  #reader(): EventBatches {
    if (this.#batches !== null) return this.#batches;
    const { connection, inFlight, file } = this.#options;
    const kind: EventKind = file.kind ?? 'accounts';
    const limits = new AccountLimits(connection);
    const ports = {
      submit: async (bytes: Uint8Array) => {
        await connection.room();
        return kind === 'accounts'
          ? connection.submitAccounts(bytes)
          : connection.submitTransfers(bytes);
      },
      hasOrder: async (batch: EventBatch) => batch.hasOrder || limits.haveAny(batch.accounts),
      acknowledged: (batch: EventBatch, results: BatchResults | null) =>
        this.#acknowledged(kind, batch, results),
    };
    this.#pipeline = new BatchPipeline(ports, inFlight);
    this.#batches = new EventBatches(kind, this.#capacity);
    return this.#batches;
  }

  #acknowledged(kind: EventKind, batch: EventBatch, results: BatchResults | null): void {
    const { listener, scale } = this.#options;
    const exists = kind === 'accounts' ? AccountResult.exists : TransferResult.exists;
    const nameOf = kind === 'accounts' ? accountResultName : transferResultName;
    let existed = 0;
    let failed = 0;
    const refused = new Set<number>();
    for (const { index, result } of results?.failures ?? []) {
      if (result === exists) {
        existed += 1;
        continue;
      }
      failed += 1;
      refused.add(index);
      const name = nameOf(result) ?? `result ${result}`;
      listener.failed({ line: batch.lines[index] ?? 0, id: batch.ids[index] ?? 0n, result: name });
    }
    for (const bad of batch.bad) listener.leftOut(bad);
    const before = this.#position;
    const lastHeld = batch.ids.findLast((_, index) => !refused.has(index));
    this.#position = {
      kind,
      scale,
      bytes: batch.end.bytes,
      line: batch.end.line,
      carriedOut: (before?.carriedOut ?? 0) + batch.lines.length - existed - failed,
      existed: (before?.existed ?? 0) + existed,
      failed: (before?.failed ?? 0) + failed,
      bad: (before?.bad ?? 0) + batch.bad.length,
      lastHeld: lastHeld ?? before?.lastHeld ?? null,
    };
    listener.moved(this.#position);
  }
}

function ofBadChain({ line, nextLine, endBytes }: FileEvent): BadRecord {
  const reason = 'it is in a chain with a line that cannot be read';
  const place = { line, column: 1 };
  const at = { line, nextLine, endBytes, place, name: '' };
  return { isGood: false, ...at, reason, isLast: false, isLinked: false };
}
