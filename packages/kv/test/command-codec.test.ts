import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import fc from 'fast-check';
import {
  decodeCommand,
  encodeCommand,
  type KvCommand,
  KvError,
  KvStateMachine,
} from '../src/index.ts';
import { command } from './arbitraries.ts';
import { bytes, compact, compare, everything, plain, put, txn } from './requests.ts';

function decodeError(encoded: Uint8Array): KvError | null {
  try {
    decodeCommand(encoded);
    return null;
  } catch (error) {
    assert.ok(error instanceof KvError, `${error}`);
    assert.equal(error.code, 'KV_COMMAND_MALFORMED');
    assert.ok(error.metadata.offset <= encoded.length);
    return error;
  }
}

test('a decoded command is the one that was encoded', () => {
  fc.assert(
    fc.property(command, (original) => {
      assert.deepEqual(plain(decodeCommand(encodeCommand(original))), plain(original));
    }),
    { numRuns: 500 },
  );
});

test('numbers keep their value to the ends of their range', () => {
  const most = Number.MAX_SAFE_INTEGER;
  for (const number of [
    0,
    1,
    -1,
    63,
    64,
    -64,
    127,
    128,
    8191,
    8192,
    2 ** 31,
    2 ** 49,
    most,
    -most,
  ]) {
    const original = txn(
      [compare('k', 'less', { target: 'mod', value: number })],
      [everything({ limit: number, minModRevision: number, maxCreateRevision: -number + 0 })],
    );
    assert.deepEqual(decodeCommand(encodeCommand(original)), original);
    assert.deepEqual(decodeCommand(encodeCommand(compact(number))), compact(number));
  }
  for (const lease of [1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 0x1234_5678_9abc_def0n]) {
    const original = put('k', 'v', { lease });
    assert.deepEqual(decodeCommand(encodeCommand(original)), original);
  }
});

test('the layout is the documented one', () => {
  assert.deepEqual(
    [...encodeCommand(put('key', 'v', { prevKv: true }))],
    [1, 1, 1, 3, 0x6b, 0x65, 0x79, 1, 0x76],
  );
  assert.deepEqual(
    [...encodeCommand(put('k', '', { lease: -2n }))],
    [...[1, 1, 8, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], ...[1, 0x6b, 0]],
  );
  assert.deepEqual([...encodeCommand(compact(-1000))], [1, 4, 0xe8, 0x0f]);
});

test('a command that grew the writer does not leak into the next one', () => {
  const large = encodeCommand(put('k', 'v'.repeat(200_000)));
  assert.equal(large.length, 200_000 + 8);
  assert.deepEqual(encodeCommand(compact(1)).length, 3);
});

test('every command cut short is malformed', () => {
  const original = encodeCommand(
    txn(
      [compare('k', 'less', { target: 'lease', value: 3n }, 'l')],
      [put('k', 'v', { lease: 9n }), everything({ revision: 70_000, minModRevision: 4 })],
      [txn([], [], [put('x', 'y')])],
    ),
  );
  assert.equal(decodeError(original), null);
  for (let length = 0; length < original.length; length++) {
    assert.ok(decodeError(original.subarray(0, length)) !== null, `${length} bytes`);
  }
  assert.ok(decodeError(new Uint8Array([...original, 0])) !== null);
});

test('unknown versions, kinds, flags and names are malformed, with the place', () => {
  const cases: [number[], RegExp, number][] = [
    [[], /ends too early/, 0],
    [[2, 1], /unknown format version 2/, 1],
    [[1, 0], /0 is no kind of command/, 2],
    [[1, 5], /5 is no kind of command/, 2],
    [[1, 1, 16], /unknown flags 16/, 3],
    [[1, 3, 0, 1, 4], /4 is no kind of operation/, 5],
    [[1, 3, 0, 1, 5, 0, 3], /unknown sort 3/, 7],
    [[1, 3, 1, 5], /unknown compare 5/, 4],
    [[1, 3, 0, 100], /a list of 100 announced, 0 bytes left/, 4],
    [[1, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], /above 2\^53 - 1/, 10],
    [[1, 2, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0], /too many bytes/, 11],
  ];
  for (const [encoded, message, offset] of cases) {
    const error = decodeError(Uint8Array.from(encoded));
    assert.match(error?.message ?? '', message);
    assert.equal(error?.metadata.offset, offset);
  }
});

test('nesting beyond what can be valid is malformed, not a stack overflow', () => {
  const nested = (depth: number): KvCommand => {
    let inner = txn([], []);
    for (let i = 1; i < depth; i++) inner = txn([], [inner]);
    return inner;
  };
  assert.deepEqual(decodeCommand(encodeCommand(nested(129))), nested(129));
  assert.throws(() => encodeCommand(nested(130)), { code: 'KV_COMMAND_MALFORMED' });
  // kind txn, no compares, one success operation: and so on to the end
  const endless = new Uint8Array(300_000);
  for (let i = 1; i < endless.length; i++) endless[i] = [1, 3, 0][i % 3] ?? 0;
  endless.set([1, 3, 0, 1]);
  assert.match(decodeError(endless)?.message ?? '', /nested deeper than 129/);
});

test('random and damaged bytes are a command or malformed, and apply answers either', () => {
  const prng = new Prng(20_26);
  const machine = new KvStateMachine();
  const original = encodeCommand(
    txn(
      [compare('k', 'less', { target: 'value', value: bytes('v') }, 'l')],
      [put('k', 'v'), everything({ revision: 1 })],
      [txn([], [put('x', 'y')], [{ kind: 'empty' }])],
    ),
  );
  let malformed = 0;
  const attempts = 20_000;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const encoded =
      attempt % 2 === 0
        ? Uint8Array.from({ length: prng.below(60) }, () => prng.below(attempt % 4 === 0 ? 8 : 256))
        : original.slice();
    if (attempt % 2 === 1) encoded[prng.below(encoded.length)] = prng.below(256);
    if (encoded.length > 0 && attempt % 2 === 0) encoded[0] = 1;
    const error = decodeError(encoded);
    const [result] = machine.apply([{ index: 1, term: 1, timestampMicros: 1, command: encoded }]);
    const refused = result?.kind === 'refused' && result.refusal === 'malformed';
    assert.equal(refused, error !== null);
    if (refused) malformed++;
  }
  assert.ok(malformed > attempts / 10 && malformed < attempts);
});
