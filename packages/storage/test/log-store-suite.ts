import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Prng } from '@quorate/base';
import type { GroupWrite, LogStore } from '@quorate/raft';
import { applyToModel, type LogModel, modelOf, randomWrite } from './log-model.ts';
import { cut, entries, entry, snapshotMeta, write } from './wal-fixture.ts';

/** One place where logs are kept, empty at first. */
export interface LogStoreHarness {
  /** Opens what is there, after a crash or a close too. */
  open(): LogStore;
  /** Resolves once everything that was submitted has been answered. */
  settle(): Promise<void>;
  /** The process dies; on what was answered the store is then held to its word. */
  crash(): void;
}

/** What every log store owes the core. Run with a factory that gives a new place each time. */
export function logStoreSuite(name: string, factory: () => LogStoreHarness): void {
  suite(`the log store contract: ${name}`, () => {
    for (const [title, body] of Object.entries(contract)) test(title, () => body(factory()));
    test('any legal writes are recovered as a plain model has them', async () => {
      for (let seed = 1; seed <= 10; seed++) await randomWrites(factory(), seed);
    });
  });
}

async function commit(place: LogStoreHarness, log: LogStore, ...writes: GroupWrite[]) {
  let answer: Error | null | undefined;
  log.submit(writes, (error) => {
    answer = error;
  });
  await place.settle();
  assert.equal(answer, null);
}

const contract: Record<string, (place: LogStoreHarness) => Promise<void>> = {
  async 'a new store knows no group'(place) {
    const log = place.open();
    assert.equal(log.recovered.size, 0);
    assert.equal(log.pinnedBy, null);
    await place.settle();
    assert.equal(log.writable, true);
    assert.ok(log.diskBytes > 0);
  },

  async 'everything that was answered is recovered'(place) {
    const hardState = { term: 2 ** 52, votedFor: 2 ** 40, commitIndex: 2 };
    const snapshot = snapshotMeta(0, 0);
    const first = write(2 ** 45, { hardState, snapshot, entries: entries(1, 3, 7, 10) });
    await commit(place, place.open(), first, write(8, { hardState }));
    place.crash();
    const { recovered } = place.open();
    const logStart = { index: 0, term: 0 };
    assert.deepEqual(recovered.get(2 ** 45), {
      group: 2 ** 45,
      hardState,
      snapshot,
      logStart,
      entries: first.entries,
      repairUntil: 0,
    });
    assert.deepEqual(recovered.get(8), {
      group: 8,
      hardState,
      snapshot: null,
      logStart,
      entries: [],
      repairUntil: 0,
    });
  },

  async 'an entry keeps its index, term, kind, time and data'(place) {
    const odd = { ...entry(1, 2 ** 53 - 1, ''), kind: 2, timestampMicros: 2 ** 53 - 1 } as const;
    const log = place.open();
    await commit(
      place,
      log,
      write(1, { entries: [odd, { ...entry(2, 2 ** 53 - 1, 'x'), kind: 1 }] }),
    );
    place.crash();
    const found = place.open().recovered.get(1)?.entries;
    assert.deepEqual(found, [odd, { ...entry(2, 2 ** 53 - 1, 'x'), kind: 1 }]);
  },

  async 'completions come in the order of submission, never from inside submit'(place) {
    const log = place.open();
    const order: number[] = [];
    for (let index = 1; index <= 20; index++) {
      log.submit([write(1, { entries: entries(index, index, 1, 50) })], (error) => {
        assert.equal(error, null);
        order.push(index);
      });
      assert.equal(order.length, 0);
    }
    await place.settle();
    assert.deepEqual(
      order,
      Array.from({ length: 20 }, (_, at) => at + 1),
    );
  },

  async 'truncated entries stay away, and those written over them stay'(place) {
    const log = place.open();
    await commit(place, log, write(1, { entries: entries(1, 9, 1, 8) }));
    await commit(place, log, write(1, { truncateAfter: 4, entries: [entry(5, 2, 'new')] }));
    await commit(place, log, write(1, { truncateAfter: 3 }));
    await commit(place, log, write(1, { entries: entries(4, 5, 3, 8) }));
    place.crash();
    const found = place.open().recovered.get(1)?.entries ?? [];
    assert.deepEqual(
      found.map(({ index, term }) => [index, term]),
      [1, 2, 3, 4, 5].map((index) => [index, index < 4 ? 1 : 3]),
    );
  },

  async 'a snapshot ahead of the log empties it'(place) {
    const log = place.open();
    await commit(place, log, write(1, { entries: entries(1, 5, 1, 8) }));
    await commit(place, log, cut(1, 100, 4), write(1, { entries: entries(101, 102, 4, 8) }));
    place.crash();
    const found = place.open().recovered.get(1);
    assert.deepEqual(found?.logStart, { index: 100, term: 4 });
    assert.deepEqual(found?.snapshot, snapshotMeta(100, 4));
    assert.deepEqual(found?.entries, entries(101, 102, 4, 8));
  },

  async 'a log cut behind a snapshot keeps its tail'(place) {
    const log = place.open();
    await commit(place, log, write(1, { entries: entries(1, 10, 1, 8) }));
    const logStart = { index: 4, term: 1 };
    await commit(place, log, write(1, { snapshot: snapshotMeta(8, 1), logStart }));
    place.crash();
    const found = place.open().recovered.get(1);
    assert.deepEqual(found?.logStart, logStart);
    assert.deepEqual(found?.entries, entries(5, 10, 1, 8));
  },

  async 'after close nothing is taken, and what was answered is there'(place) {
    const log = place.open();
    let answered = 0;
    log.submit([write(1, { entries: entries(1, 1, 1, 8) })], (error) => {
      assert.equal(error, null);
      answered += 1;
    });
    let closed = false;
    log.close((error) => {
      assert.equal(error, null);
      closed = true;
    });
    let refused: Error | null = null;
    log.submit([write(1, { entries: entries(2, 2, 1, 8) })], (error) => {
      refused = error;
    });
    await place.settle();
    assert.ok(closed && answered === 1 && refused !== null);
    assert.equal(place.open().recovered.get(1)?.entries.length, 1);
  },
};

async function randomWrites(place: LogStoreHarness, seed: number): Promise<void> {
  const prng = new Prng(seed);
  let log = place.open();
  let model: LogModel = modelOf(log.recovered);
  for (let life = 0; life < 4; life++) {
    for (let turn = 0; turn < 30; turn++) {
      const writes = [1, 2, 3].map((group) => {
        const one = randomWrite(prng, model, group);
        applyToModel(model, one);
        return one;
      });
      log.submit(writes, (error) => assert.equal(error, null));
    }
    await place.settle();
    place.crash();
    log = place.open();
    assert.deepEqual(modelOf(log.recovered), model, `seed ${seed}`);
    model = modelOf(log.recovered);
  }
}
