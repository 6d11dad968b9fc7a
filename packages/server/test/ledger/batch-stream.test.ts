import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountBatchBuilder, decodeResults, TransferBatchBuilder } from '@quorate/ledger';
import { RuntimeError } from '@quorate/runtime';
import { ledger } from '@quorate/schema';
import { type CalledStream, ServedLedger } from './served-ledger.ts';

const { RefusalKind } = ledger;

function accountsOf(...ids: readonly bigint[]): Uint8Array {
  const builder = new AccountBatchBuilder();
  for (const id of ids) builder.add({ id, ledger: 1, code: 1 });
  return builder.encode();
}

function transferOf(id: bigint): Uint8Array {
  const builder = new TransferBatchBuilder();
  builder.add({ id, debitAccountId: 1n, creditAccountId: 2n, amount: 1n, ledger: 1, code: 1 });
  return builder.encode();
}

function resultsOf(stream: CalledStream, number: number): readonly number[] {
  const { results } = stream.answerTo(number);
  return decodeResults(results ?? assert.fail()).failures.map(({ result }) => result);
}

function openSession(stream: CalledStream, number: number): number {
  stream.send({ number, openSession: { ttlMs: 60_000, nonce: new Uint8Array(16).fill(3) } });
  return stream.answerTo(number).sessionOpened?.session ?? assert.fail();
}

test('a stream says hello, and answers each batch by its number', () => {
  const served = new ServedLedger();
  const stream = served.stream();
  const { hello } = stream.answerTo(0);
  assert.deepEqual([hello?.node, hello?.leader, hello?.term, hello?.maxInFlight], [7n, 7n, 3, 32]);
  stream.send({ number: 5, accounts: accountsOf(1n, 2n) });
  stream.send({ number: 6, transfers: transferOf(1n) });
  assert.deepEqual([resultsOf(stream, 5), resultsOf(stream, 6)], [[], []]);
  assert.equal(served.group.machine.books.state.transfers.count, 1);
});

test('a batch that is sent again in its session is carried out once and answered alike', () => {
  const served = new ServedLedger();
  const first = served.stream();
  const session = openSession(first, 1);
  first.send({ number: 2, accounts: accountsOf(1n, 2n) });
  const place = { session, sequence: 1, acknowledgedBelow: 1 };
  first.send({ number: 3, ...place, transfers: transferOf(1n) });
  first.close();
  const second = served.stream();
  assert.equal(openSession(second, 1), session);
  second.send({ number: 2, ...place, transfers: transferOf(1n) });
  assert.deepEqual(second.answerTo(2).results, first.answerTo(3).results);
  assert.deepEqual(resultsOf(second, 2), []);
  second.send({ number: 3, transfers: transferOf(1n) });
  assert.deepEqual(resultsOf(second, 3), [ledger.TransferResult.TRANSFER_RESULT_EXISTS]);
});

test('an answer that names every event of the largest batch is remembered as well', () => {
  const served = new ServedLedger();
  const stream = served.stream();
  const session = openSession(stream, 1);
  const builder = new TransferBatchBuilder();
  for (let id = 1n; id <= 8190n; id++) {
    builder.add({ id, debitAccountId: 1n, creditAccountId: 2n, amount: 1n, ledger: 1, code: 1 });
  }
  const request = { session, sequence: 1, acknowledgedBelow: 1, transfers: builder.encode() };
  stream.send({ number: 2, ...request });
  stream.send({ number: 3, ...request });
  assert.equal(resultsOf(stream, 2).length, 8190);
  assert.deepEqual(stream.answerTo(3).results, stream.answerTo(2).results);
});

test('a session is kept, closed, and then there is none', () => {
  const served = new ServedLedger();
  const stream = served.stream();
  const session = openSession(stream, 1);
  stream.send({ number: 2, session, keepAlive: {} });
  assert.deepEqual(stream.answerTo(2).keptAlive, {});
  stream.send({ number: 3, session, closeSession: {} });
  assert.deepEqual(stream.answerTo(3).sessionClosed, {});
  stream.send({ number: 4, session, keepAlive: {} });
  stream.send({ number: 5, session, sequence: 1, acknowledgedBelow: 1, transfers: transferOf(1n) });
  for (const number of [4, 5]) {
    const { refusal } = stream.answerTo(number);
    assert.equal(refusal?.kind, RefusalKind.REFUSAL_KIND_SESSION_EXPIRED);
  }
});

test('a request that cannot be read as a batch is refused, and the stream goes on', () => {
  const stream = new ServedLedger().stream();
  const nonce = new Uint8Array(4);
  stream.send({ number: 1, transfers: new Uint8Array(10) });
  stream.send({ number: 2, accounts: transferOf(1n) });
  stream.send({
    number: 3,
    session: 5,
    sequence: 1,
    acknowledgedBelow: 2,
    transfers: transferOf(1n),
  });
  stream.send({ number: 4, openSession: { ttlMs: 1000, nonce } });
  stream.send({ number: 5, openSession: { ttlMs: 0, nonce: new Uint8Array(8) } });
  stream.send({ number: 6, keepAlive: {} });
  stream.send({ number: 7 });
  for (let number = 1; number <= 7; number++) {
    const { refusal } = stream.answerTo(number);
    assert.equal(refusal?.kind, RefusalKind.REFUSAL_KIND_MALFORMED, `request ${number}`);
  }
  assert.equal(stream.end, undefined);
  stream.send({ number: 8, accounts: accountsOf(1n) });
  assert.deepEqual(resultsOf(stream, 8), []);
});

test('bytes that are no request end the stream', () => {
  for (const bytes of [Uint8Array.of(255), new Uint8Array(0)]) {
    const stream = new ServedLedger().stream();
    stream.sendRaw(bytes);
    assert.equal(stream.end?.code, 3);
  }
});

test('a client that has more under way than it may ends its stream', () => {
  const served = new ServedLedger({ stream: { maxInFlight: 2 } });
  served.group.isHeld = true;
  const stream = served.stream();
  for (let number = 1; number <= 2; number++) stream.send({ number, transfers: transferOf(1n) });
  assert.ok(stream.isOpen);
  stream.send({ number: 3, transfers: transferOf(1n) });
  assert.equal(stream.end?.code, 8);
  served.group.release();
  assert.equal(stream.answers.length, 1);
  assert.equal(served.service.streams, 0);
});

test('answers that a client does not read count as under way', () => {
  const served = new ServedLedger({ stream: { maxInFlight: 3 } });
  const stream = served.stream();
  stream.isStuck = true;
  for (let number = 1; number <= 3; number++) stream.send({ number, transfers: transferOf(1n) });
  assert.ok(stream.isOpen);
  stream.send({ number: 4, transfers: transferOf(1n) });
  assert.equal(stream.end?.code, 8);
});

test('when too much waits on the server a batch is put off', () => {
  const gate = { proposals: 1, smallBytes: 0, waitingBytes: 10 };
  const served = new ServedLedger({ gate });
  served.group.isHeld = true;
  const stream = served.stream();
  stream.send({ number: 1, transfers: transferOf(1n) });
  stream.send({ number: 2, transfers: transferOf(2n) });
  const { refusal } = stream.answerTo(2);
  assert.equal(refusal?.kind, RefusalKind.REFUSAL_KIND_RETRY);
  assert.ok((refusal?.retryAfterMs ?? 0) > 0);
});

test('a refusal says whether the batch may have been carried out', () => {
  const served = new ServedLedger();
  const stream = served.stream();
  const kindWith = (number: number, failure: RuntimeError): number | undefined => {
    served.group.failure = failure;
    stream.send({ number, transfers: transferOf(1n) });
    return stream.answerTo(number).refusal?.kind;
  };
  const open = new RuntimeError('RUNTIME_OUTCOME_UNKNOWN', 'gone', { reason: 'timeout' });
  assert.equal(kindWith(1, open), RefusalKind.REFUSAL_KIND_OUTCOME_UNKNOWN);
  const lost = new RuntimeError('RUNTIME_PROPOSAL_LOST', 'lost', { leader: 1 });
  assert.equal(kindWith(2, lost), RefusalKind.REFUSAL_KIND_RETRY);
  const large = new RuntimeError('RUNTIME_COMMAND_TOO_LARGE', 'big', { bytes: 2, maxBytes: 1 });
  assert.equal(kindWith(3, large), RefusalKind.REFUSAL_KIND_TOO_LARGE);
});

test('a change of the leader is said on every stream', () => {
  const served = new ServedLedger();
  const stream = served.stream();
  served.group.lead(12);
  served.group.lead(12);
  const hellos = stream.answers.filter(({ hello }) => hello !== null);
  assert.deepEqual(
    hellos.map(({ hello }) => hello?.leader),
    [7n, 12n],
  );
});

test('a client that sends no more still gets its answers, and then the end', () => {
  const served = new ServedLedger();
  served.group.isHeld = true;
  const stream = served.stream();
  stream.send({ number: 1, accounts: accountsOf(1n) });
  stream.halfClose();
  assert.equal(stream.end, undefined);
  served.group.release();
  assert.deepEqual(resultsOf(stream, 1), []);
  assert.equal(stream.end, null);
});

test('streams of a server that stops are told so, and a client that has gone is forgotten', () => {
  const served = new ServedLedger();
  const [staying, going] = [served.stream(), served.stream()];
  going.close();
  assert.equal(served.service.streams, 1);
  served.service.stop();
  assert.deepEqual(staying.end, { code: 14, message: 'ledger: the server is stopping' });
  assert.equal(going.end, undefined);
  assert.equal(served.stream().end?.code, 14);
});
