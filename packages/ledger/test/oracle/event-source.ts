import { Prng } from '@quorate/base';
import { AccountResult } from '../../src/model/account-results.ts';
import { maxBatchEvents } from '../../src/model/limits.ts';
import { TransferFlag } from '../../src/model/transfer.ts';
import { TransferResult } from '../../src/model/transfer-results.ts';
import { AccountSource } from './account-source.ts';
import type { AccountEvent, TransferEvent } from './books-under-test.ts';
import { BulkSource } from './bulk-source.ts';
import { IdSource } from './id-source.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import { TimeSource } from './time-source.ts';
import { TransferSource } from './transfer-source.ts';

/**
 * `plain`: hardly anything but transfers that succeed and have no flags. `long`: everything, and
 * large batches between that mostly succeed, so that chunks are filled.
 */
export type SourceMode = 'everything' | 'plain' | 'long';

/** How entries are drawn. */
export interface SourceOptions {
  /** `everything` when left out. */
  readonly mode?: SourceMode;
  /** Events of the largest batches, of which there is one in a hundred; 8190 when left out. */
  readonly largestBatch?: number;
  /** In mode `long` the part of entries that are large batches; 0.1 when left out. */
  readonly bulkShare?: number;
}

interface Source<Event> {
  event(): Event;
  goodEvent(): Event;
}

const plainAccounts = 50;
/** That large batches have to begin with. */
const bulkAccounts = 100;

/**
 * Draws entries of the log, the same ones from the same seed: batches with which each result and
 * each flag occurs, or plain transfers alone.
 */
export class EventSource {
  readonly #prng: Prng;
  readonly #mode: SourceMode;
  readonly #largestBatch: number;
  readonly #accountIds: IdSource;
  readonly #transferIds: IdSource;
  readonly #accounts: AccountSource;
  readonly #transfers: TransferSource;
  readonly #bulk: BulkSource;
  readonly #bulkShare: number;
  readonly #times: TimeSource;
  #drawn = 0;
  #before: readonly TransferEvent[] = [];
  #last: LedgerEntry = { kind: 'pulse', timestampMicros: 0 };

  constructor(seed: number, options: SourceOptions = {}) {
    this.#prng = new Prng(seed);
    this.#mode = options.mode ?? 'everything';
    this.#largestBatch = options.largestBatch ?? maxBatchEvents;
    this.#accountIds = new IdSource(this.#prng.fork());
    this.#transferIds = new IdSource(this.#prng.fork());
    this.#accounts = new AccountSource(this.#prng.fork(), this.#accountIds);
    this.#transfers = new TransferSource(this.#prng.fork(), this.#transferIds, this.#accounts);
    // Without a draw of its own, which would change what the other modes draw.
    const bulkPrng = new Prng(seed + 1).fork();
    this.#bulk = new BulkSource(bulkPrng, this.#transferIds, this.#accountIds);
    this.#bulkShare = options.bulkShare ?? 0.1;
    this.#times = new TimeSource(this.#prng, this.#mode === 'long');
  }

  /** The next entry. */
  next(): LedgerEntry {
    this.#drawn++;
    this.#last = this.#draw();
    return this.#last;
  }

  /**
   * What became of the entry that was drawn last. With it more of what follows succeeds, as with
   * clients that look at their answers; the entries depend on it.
   */
  hear(results: readonly number[]): void {
    const entry = this.#last;
    if (entry.kind === 'pulse') return;
    const failed = new Set<bigint>();
    for (const [i, { id }] of entry.events.entries()) {
      if (results[i] === 0) failed.delete(id);
      else if (!isThere(entry, results[i])) failed.add(id);
    }
    if (failed.size === 0) return;
    if (entry.kind === 'accounts') this.#accounts.forget(failed);
    else this.#transfers.forget(failed);
  }

  #draw(): LedgerEntry {
    if (this.#mode === 'plain') return this.#nextPlain();
    if (this.#mode === 'long') {
      if (this.#drawn === 1 || this.#prng.chance(0.004)) return this.#bulkAccountEntry();
      if (this.#drawn > 3 && this.#prng.chance(this.#bulkShare)) return this.#bulkEntry();
    }
    return this.#nextOfEverything();
  }

  #bulkAccountEntry(): LedgerEntry {
    const prng = this.#prng;
    const timestampMicros = this.#times.next();
    const isLarge = this.#drawn > 1 && prng.chance(0.2);
    const size = isLarge ? prng.between(bulkAccounts, this.#largestBatch) : bulkAccounts;
    return { kind: 'accounts', timestampMicros, events: this.#bulk.accountEvents(size) };
  }

  #bulkEntry(): LedgerEntry {
    const prng = this.#prng;
    // Batches that come at once, one after another, use up more moments than pass.
    const timestampMicros = prng.chance(0.3) ? this.#times.atOnce() : this.#times.next();
    this.#transferIds.changeStyle(true);
    const size = prng.chance(0.1) ? this.#largestBatch : prng.between(1, this.#largestBatch);
    const events = this.#bulk.transferEvents(size);
    this.#transfers.remember(events);
    return { kind: 'transfers', timestampMicros, events };
  }

  #nextPlain(): LedgerEntry {
    const timestampMicros = this.#times.next();
    if (this.#drawn === 1) {
      const events = Array.from({ length: plainAccounts }, () => this.#accounts.plainEvent());
      return { kind: 'accounts', timestampMicros, events };
    }
    if (this.#prng.chance(0.1)) this.#transferIds.changeStyle(true);
    const events = Array.from({ length: this.#size() }, () => this.#transfers.plainEvent());
    this.#transfers.remember(events);
    return { kind: 'transfers', timestampMicros, events };
  }

  #nextOfEverything(): LedgerEntry {
    const timestampMicros = this.#times.next();
    const kind = this.#prng.below(100);
    if (this.#drawn <= 2 || kind < 15) {
      this.#accountIds.changeStyle();
      const size = this.#prng.chance(0.01) ? this.#size() : this.#prng.between(1, 12);
      const events = this.#drawEvents(size, this.#accounts);
      return { kind: 'accounts', timestampMicros, events };
    }
    if (kind < 20) return { kind: 'pulse', timestampMicros };
    this.#transferIds.changeStyle();
    const events = this.#withRepeats(this.#drawEvents(this.#size(), this.#transfers));
    this.#transfers.remember(events);
    this.#before = events;
    return { kind: 'transfers', timestampMicros, events };
  }

  /** Some events are bound into chains, of which one may be open at the end. */
  #drawEvents<Event extends AccountEvent | TransferEvent>(
    size: number,
    source: Source<Event>,
  ): Event[] {
    const prng = this.#prng;
    const events: Event[] = [];
    while (events.length < size) {
      if (!prng.chance(0.06)) {
        events.push(source.event());
        continue;
      }
      const links = prng.chance(0.97) ? prng.between(1, 4) : prng.between(5, 40);
      const isGood = prng.chance(0.7);
      for (let link = 0; link < links && events.length < size - 1; link++) {
        events.push(linkedTo(isGood ? source.goodEvent() : source.event()));
      }
      events.push(isGood ? source.goodEvent() : source.event());
    }
    if (prng.chance(0.06)) events.push(linkedTo(source.event()));
    return events;
  }

  /** A client that got no answer sends a part of its last batch again. */
  #withRepeats(events: readonly TransferEvent[]): readonly TransferEvent[] {
    if (events.length > 60 || !this.#prng.chance(0.1)) return events;
    const from = this.#prng.below(this.#before.length + 1);
    const again = this.#before.slice(from, from + this.#prng.between(1, 20));
    const at = this.#prng.below(events.length + 1);
    return [...events.slice(0, at), ...again, ...events.slice(at)];
  }

  #size(): number {
    const prng = this.#prng;
    if (prng.chance(0.01)) {
      return prng.between(Math.min(1000, this.#largestBatch), this.#largestBatch);
    }
    return Math.min(
      prng.chance(0.4) ? prng.between(1, 6) : prng.between(1, 60),
      this.#largestBatch,
    );
  }
}

/** The event failed because something has its id. */
function isThere({ kind }: LedgerEntry, result = 0): boolean {
  const { existsWithDifferentFlags: first } = kind === 'accounts' ? AccountResult : TransferResult;
  const { exists: last } = kind === 'accounts' ? AccountResult : TransferResult;
  return result >= first && result <= last;
}

function linkedTo<Event extends AccountEvent | TransferEvent>(event: Event): Event {
  return { ...event, flags: (event.flags ?? 0) | TransferFlag.linked };
}
