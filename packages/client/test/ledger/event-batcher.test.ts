import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  encodeResults,
  LedgerError,
  type NewTransfer,
  TransferBatchBuilder,
  TransferColumns,
  TransferFlag,
  transferResultName,
} from '@quorate/ledger';
import { ClientError } from '../../src/client-error.ts';
import { EventBatcher } from '../../src/ledger/event-batcher.ts';
import { settle } from '../support/virtual-time.ts';

const linkedTransfer = { flags: TransferFlag.linked };

function transfers(count: number, firstId: number, more: Partial<NewTransfer> = {}): NewTransfer[] {
  return Array.from({ length: count }, (_, at) => ({
    id: BigInt(firstId + at),
    debitAccountId: 1n,
    creditAccountId: 2n,
    amount: 1n,
    ledger: 1,
    code: 1,
    ...more,
  }));
}

/** A batcher whose batches are answered when the test says so. */
class Batching {
  readonly batches: bigint[][] = [];
  readonly answers: (() => void)[] = [];
  /** By id: the result of the transfer. */
  readonly results = new Map<bigint, number>();
  readonly #columns = new TransferColumns();
  readonly batcher = new EventBatcher({
    builder: new TransferBatchBuilder(),
    submit: (bytes) => this.#submit(bytes),
    nameOf: transferResultName,
    pipelinedBatches: 1,
    moved: () => undefined,
  });

  #submit(bytes: Uint8Array): Promise<Uint8Array> {
    this.#columns.parse(bytes, { allowSlots: false });
    const { count } = this.#columns;
    const ids = Array.from({ length: count }, (_, at) => this.#columns.id.uint128At(at));
    this.batches.push(ids);
    const codes = Uint8Array.from(ids, (id) => this.results.get(id) ?? 0);
    const timestamp = BigInt(this.batches.length) * 1_000_000n;
    return new Promise((fulfil) => {
      this.answers.push(() => fulfil(encodeResults(codes, count, timestamp)));
    });
  }

  async answer(): Promise<void> {
    this.answers.shift()?.();
    await settle();
  }
}

test('calls of one turn share a batch, and each is told of its own events', async () => {
  const batching = new Batching();
  batching.results.set(11n, 26);
  batching.results.set(20n, 18);
  const first = batching.batcher.create(transfers(3, 10));
  const second = batching.batcher.create(transfers(2, 20));
  await settle();
  assert.deepEqual(batching.batches, [[10n, 11n, 12n, 20n, 21n]]);
  await batching.answer();
  const one = await first;
  assert.deepEqual(one.failures, [{ index: 1, result: 'pendingIdMustBeZero' }]);
  assert.equal(one.timestampOf(2), 1_000_002n);
  const other = await second;
  assert.deepEqual(other.failures, [{ index: 0, result: 'exists' }]);
  assert.equal(other.timestampOf(1), 1_000_004n);
});

test('what comes while a batch is under way gathers in the next', async () => {
  const batching = new Batching();
  const calls = [batching.batcher.create(transfers(1, 1))];
  await settle();
  for (let id = 2; id < 10; id++) calls.push(batching.batcher.create(transfers(1, id)));
  await settle();
  assert.equal(batching.batches.length, 1);
  assert.equal(batching.batcher.queuedEvents, 8);
  await batching.answer();
  assert.deepEqual(batching.batches[1], [2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n]);
  await batching.answer();
  await Promise.all(calls);
  assert.equal(batching.batcher.queuedEvents, 0);
});

test('a call is never cut in two to fill a batch', async () => {
  const batching = new Batching();
  const calls = [
    batching.batcher.create(transfers(8000, 1)),
    batching.batcher.create(transfers(200, 10_000)),
  ];
  await settle();
  await batching.answer();
  await batching.answer();
  await Promise.all(calls);
  assert.deepEqual(
    batching.batches.map(({ length }) => length),
    [8000, 200],
  );
});

test('a chain that a call leaves open does not take in the next call', async () => {
  const batching = new Batching();
  const calls = [
    batching.batcher.create(transfers(2, 1, linkedTransfer)),
    batching.batcher.create(transfers(1, 5)),
  ];
  await settle();
  await batching.answer();
  await batching.answer();
  await Promise.all(calls);
  assert.deepEqual(batching.batches, [[1n, 2n], [5n]]);
});

test('a call that is longer than a batch is cut between chains', async () => {
  const batching = new Batching();
  const events = [
    ...transfers(8189, 1),
    ...transfers(3, 9000, linkedTransfer),
    ...transfers(1, 9003),
  ];
  batching.results.set(9003n, 26);
  const call = batching.batcher.create(events);
  await settle();
  await batching.answer();
  await batching.answer();
  assert.deepEqual(
    batching.batches.map(({ length }) => length),
    [8189, 4],
  );
  const { failures, timestampOf } = await call;
  assert.deepEqual(failures, [{ index: 8192, result: 'pendingIdMustBeZero' }]);
  assert.deepEqual([timestampOf(8188), timestampOf(8189)], [1_008_188n, 2_000_000n]);
});

test('a chain that fits no batch is refused before anything is sent', async () => {
  const batching = new Batching();
  const call = batching.batcher.create(transfers(8191, 1, linkedTransfer));
  await assert.rejects(call, (error) => {
    return error instanceof ClientError && error.code === 'CLIENT_BATCH_INVALID';
  });
  assert.equal(batching.batches.length, 0);
});

test('a call with a value that fits no column is rejected, its neighbours are not', async () => {
  const batching = new Batching();
  const before = batching.batcher.create(transfers(1, 1));
  const wrong = batching.batcher.create([...transfers(1, 2), ...transfers(1, 3, { code: 70_000 })]);
  const after = batching.batcher.create(transfers(1, 4));
  await assert.rejects(wrong, LedgerError);
  await settle();
  await batching.answer();
  await Promise.all([before, after]);
  assert.deepEqual(batching.batches, [[1n, 4n]]);
});

test('a call without events is answered at once', async () => {
  const batching = new Batching();
  assert.deepEqual((await batching.batcher.create([])).failures, []);
});
