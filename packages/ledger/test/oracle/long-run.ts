import { Prng } from '@quorate/base';
import { positionOf } from '../../src/queries/read-transfer.ts';
import { chunkRows } from '../../src/transfers/transfer-chunk.ts';
import type { BooksAdapter } from '../books-adapter.ts';
import { RestartingBooks } from '../machine/restarting-books.ts';
import type { Outcome } from './books-under-test.ts';
import { differenceOfAll, differenceOfEntry, thrown } from './compare-books.ts';
import { differenceOfQueries } from './compare-queries.ts';
import { EventSource } from './event-source.ts';
import { OracleBooks } from './oracle-books.ts';
import { commandOf, type RunNumbers, usualNumbers } from './run-numbers.ts';

/** What is played, for how long, and on what. */
export interface LongRunOptions extends RunNumbers {
  /** Asked after each entry: whether to stop here. Never, when left out. */
  readonly isOver?: (tally: Readonly<LongRunTally>) => boolean;
  /** Left out: books that are replaced by what a snapshot says of them, again and again. */
  readonly makeBooks?: (prng: Prng, restartEvery: number) => BooksAdapter;
}

/** What a run has come to. */
export interface LongRunTally {
  /** Of all batches, whatever became of them. */
  events: number;
  /** Entries with events. */
  batches: number;
  largestBatch: number;
  /** The one that is played. */
  seed: number;
  /** Those that are over. */
  seeds: number;
  /** Of all seeds. */
  chunksSealed: number;
  /** Pending transfers that expired when their chunk was sealed already. */
  expiredInSealed: number;
  /** Entries that began later than they say, as the batch before had used up their moments. */
  carries: number;
  /** Books that were replaced by those of a snapshot. */
  restarts: number;
  /** Checkpoints at which queries were compared, and those at which everything was. */
  queried: number;
  compared: number;
}

/** All is compared whenever there are so many times as many transfers, and at the end of a seed. */
const growth = 2;
const firstWhole = 2000;

/**
 * Plays seeds to the oracle and to the engine, in mode `long`, and compares what can be seen of
 * both. `tally` is counted up on the way.
 *
 * @returns the first difference, and how to play it again; undefined: there is none
 */
export function longRun(options: LongRunOptions, tally: LongRunTally): string | undefined {
  const { seed: firstSeed, events, seedEvents, isOver = () => false } = options;
  for (let seed = firstSeed; tally.events < events && !isOver(tally); seed++) {
    const end = Math.min(events, tally.events + seedEvents);
    const run = new SeedRun(seed, options, tally);
    const difference = run.playUntil(end);
    run.count();
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** A run that has not begun. */
export function newTally(): LongRunTally {
  const reached = { chunksSealed: 0, expiredInSealed: 0, carries: 0, restarts: 0 };
  const played = { events: 0, batches: 0, largestBatch: 0, seed: 0, seeds: 0 };
  return { ...played, ...reached, queried: 0, compared: 0 };
}

class SeedRun {
  readonly #seed: number;
  readonly #options: LongRunOptions;
  readonly #tally: LongRunTally;
  readonly #source: EventSource;
  readonly #oracle = new OracleBooks();
  readonly #books: BooksAdapter;
  /** What is asked does not change what is drawn. */
  readonly #prng: Prng;
  readonly #firstEvent: number;
  #drawn = 0;
  #nextQuery: number;
  #nextWhole = firstWhole;

  constructor(seed: number, options: LongRunOptions, tally: LongRunTally) {
    const { bulk, restartEvery, makeBooks = restartingBooks } = options;
    this.#seed = seed;
    this.#options = options;
    this.#tally = tally;
    this.#source = new EventSource(seed, { mode: 'long', bulkShare: bulk / 100 });
    this.#prng = new Prng(seed).fork();
    this.#books = makeBooks(this.#prng.fork(), restartEvery);
    const slotPrng = this.#prng.fork();
    this.#books.namesSlots = () => slotPrng.chance(0.5);
    this.#firstEvent = tally.events;
    this.#nextQuery = tally.events;
    tally.seed = seed;
  }

  /** @returns the first difference, in words */
  playUntil(end: number): string | undefined {
    const { isOver = () => false } = this.#options;
    let isLast = false;
    while (!isLast) {
      let difference = this.#tried(() => this.#playNext());
      isLast = this.#tally.events >= end || isOver(this.#tally);
      difference ??= this.#tried(() => this.#compareAtTimes(isLast));
      if (difference !== undefined) return this.#inWords(difference);
    }
    return undefined;
  }

  /** Adds what is known at the end of the seed. */
  count(): void {
    const books = this.#books;
    this.#tally.seeds++;
    this.#tally.chunksSealed += books.books.state.transfers.openPosition / chunkRows;
    if (books instanceof RestartingBooks) this.#tally.restarts += books.restarts;
  }

  #inWords(difference: string): string {
    const events = this.#tally.events - this.#firstEvent;
    const { bulk, restartEvery, queryEvery } = this.#options;
    const seedEvents = Math.max(events, usualNumbers.seedEvents);
    const seed = this.#seed;
    const again = commandOf({ events, seed, seedEvents, bulk, restartEvery, queryEvery });
    const where = `After entry ${this.#drawn} of seed ${seed}, event ${events}`;
    return `${where}: ${difference}\nAgain: ${again}`;
  }

  #tried(compare: () => string | undefined): string | undefined {
    try {
      return compare();
    } catch (error) {
      return thrown(error);
    }
  }

  #playNext(): string | undefined {
    this.#drawn++;
    const before = this.#books.books.state;
    const sealedUntil = before.transfers.openPosition;
    const entry = this.#source.next();
    return differenceOfEntry(this.#oracle, this.#books, entry, (outcome) => {
      this.#source.hear(outcome.results);
      this.#tallyEntry(entry.timestampMicros, outcome);
      for (const { id } of this.#oracle.lastExpired)
        if (positionOf(before, id) < sealedUntil) this.#tally.expiredInSealed++;
    });
  }

  #tallyEntry(timestampMicros: number, { timestamp, results }: Outcome): void {
    const tally = this.#tally;
    tally.events += results.length;
    if (results.length > 0) tally.batches++;
    tally.largestBatch = Math.max(tally.largestBatch, results.length);
    const begun = timestamp - BigInt(this.#oracle.lastExpired.length);
    if (begun !== BigInt(timestampMicros) * 1000n) tally.carries++;
  }

  #compareAtTimes(isLast: boolean): string | undefined {
    const { queryEvery } = this.#options;
    const tally = this.#tally;
    if (isLast || tally.events >= this.#nextQuery) {
      this.#nextQuery = tally.events + this.#prng.between(1, 2 * queryEvery);
      tally.queried++;
      const difference = differenceOfQueries(this.#oracle, this.#books, this.#prng);
      if (difference !== undefined) return difference;
    }
    if (!isLast && this.#oracle.transferCount < this.#nextWhole) return undefined;
    this.#nextWhole = this.#oracle.transferCount * growth;
    tally.compared++;
    return differenceOfAll(this.#oracle, this.#books);
  }
}

function restartingBooks(prng: Prng, restartEvery: number): BooksAdapter {
  return new RestartingBooks(() => ({
    after: prng.between(0, 2 * restartEvery),
    during: prng.between(1, 12),
  }));
}
