import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BooksState } from '../../src/books/books-state.ts';
import { PendingStatus } from '../../src/transfers/pending-statuses.ts';
import { BooksAdapter } from '../books-adapter.ts';
import type { AccountEvent, Outcome, TransferEvent } from './books-under-test.ts';
import { type LongRunOptions, type LongRunTally, longRun, newTally } from './long-run.ts';

/** Large batches for the most part: with seed 3 pending ones of a sealed chunk expire soon. */
const quick: LongRunOptions = {
  seed: 3,
  events: 150_000,
  seedEvents: 150_000,
  bulk: 90,
  restartEvery: 8,
  queryEvery: 40_000,
  isOver: (tally) => tally.expiredInSealed > 0,
};
/** Too few to fill a chunk. */
const short = { ...quick, events: 15_000, queryEvery: 4000 };

/** The engine, with a mistake that is made after each entry. */
class MistakenBooks extends BooksAdapter {
  readonly #mistake: (state: BooksState, outcome: Outcome) => Outcome;

  constructor(mistake: (state: BooksState, outcome: Outcome) => Outcome) {
    super();
    this.#mistake = mistake;
  }

  override createAccounts(events: readonly AccountEvent[], timestampMicros: number): Outcome {
    return this.#mistake(this.books.state, super.createAccounts(events, timestampMicros));
  }

  override createTransfers(events: readonly TransferEvent[], timestampMicros: number): Outcome {
    return this.#mistake(this.books.state, super.createTransfers(events, timestampMicros));
  }

  override pulse(timestampMicros: number): Outcome {
    return this.#mistake(this.books.state, super.pulse(timestampMicros));
  }
}

/** Does something to each chunk once, when it has been sealed. */
function onSealed(mistake: (state: BooksState, from: number, end: number) => void) {
  let sealed = 0;
  return (state: BooksState, outcome: Outcome): Outcome => {
    const { openPosition } = state.transfers;
    if (openPosition > sealed) mistake(state, sealed, openPosition);
    sealed = openPosition;
    return outcome;
  };
}

const inSealedChunks: readonly [string, () => ReturnType<typeof onSealed>, RegExp][] = [
  [
    'what was pending in a chunk is forgotten when it is sealed',
    () =>
      onSealed((state, from, end) => {
        for (let position = from; position < end; position++)
          if (state.statuses.get(position) === PendingStatus.open)
            state.statuses.set(position, PendingStatus.none);
      }),
    /the next expiry is (undefined|\d+); it should be \d+/,
  ],
  [
    'the links of accounts do not lead into sealed chunks',
    () =>
      onSealed(({ accounts }) => {
        for (let slot = 0; slot < accounts.count; slot++) accounts.setLastTransfer(slot, -1);
      }),
    /transfers (of account \d+|by .*)\[\d+\] (is missing|has)/,
  ],
];

const inAnyRun: readonly [string, () => ReturnType<typeof onSealed>, RegExp][] = [
  [
    'moments are used twice after a batch that took more than a microsecond has',
    () => (state, outcome) => {
      const { last } = state.timeline;
      state.timeline.restore(last - (last % 1000n));
      return outcome;
    },
    /event 0 has timestamp \d+; it should be \d+/,
  ],
  [
    'an event far behind in its batch has the result of another',
    () =>
      (_, { timestamp, results }) => {
        const wrong = results.length > 5000 ? results.with(5000, 77) : results;
        return { timestamp, results: wrong };
      },
    /event 5000 of \d+ is 77; it should be/,
  ],
];

/** @returns the first difference, and how far the run has come */
function play(options: LongRunOptions): [string | undefined, LongRunTally] {
  const tally = newTally();
  return [longRun(options, tally), tally];
}

describe('a long run of the engine beside the oracle', () => {
  it('finds no difference, in sealed chunks and large batches, and over restarts', () => {
    const [difference, tally] = play(quick);
    assert.equal(difference, undefined);
    assert.ok(tally.chunksSealed >= 1 && tally.expiredInSealed >= 1, JSON.stringify(tally));
    assert.ok(tally.largestBatch > 7000 && tally.carries >= 5, JSON.stringify(tally));
    assert.ok(tally.restarts >= 1 && tally.queried >= 2, JSON.stringify(tally));
  });

  it('begins with the next seed when the events of one are played', () => {
    const [difference, tally] = play({ ...short, seedEvents: 7000, seed: 11 });
    assert.equal(difference, undefined);
    assert.ok(tally.seeds >= 2 && tally.seed === 10 + tally.seeds, JSON.stringify(tally));
    assert.ok(tally.events >= 15_000 && tally.compared >= tally.seeds, JSON.stringify(tally));
  });

  for (const [what, mistake, words] of inSealedChunks) {
    it(`notices that ${what}, and no run without such a chunk does`, () => {
      const makeBooks = (): BooksAdapter => new MistakenBooks(mistake());
      assert.equal(play({ ...short, makeBooks })[0], undefined);
      const [difference = '', { chunksSealed }] = play({ ...quick, queryEvery: 1e9, makeBooks });
      assert.match(difference, words);
      assert.ok(chunksSealed >= 1);
    });
  }

  for (const [what, mistake, words] of inAnyRun) {
    it(`notices that ${what}, and says how to play it again`, () => {
      const [difference = ''] = play({ ...quick, makeBooks: () => new MistakenBooks(mistake()) });
      assert.match(difference, words);
      const again = /\nAgain: node packages\/ledger\/test\/oracle\/run\.ts --events \d+ --seed 3 /;
      assert.match(difference, again);
    });
  }
});
