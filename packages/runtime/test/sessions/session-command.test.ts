import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionFailed } from '@quorate/base';
import fc from 'fast-check';
import {
  decodeSessionCommand,
  encodeSessionCommand,
  maxKeptAlive,
  type SessionCommand,
  sessionCommandProblem,
} from '../../src/sessions/session-command.ts';
import { defaultSessionLimits } from '../../src/sessions/session-limits.ts';

const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const bytes = fc.uint8Array({ maxLength: 300 });

const plainObject = { noNullPrototype: true };

const command: fc.Arbitrary<SessionCommand> = fc.oneof(
  fc.record({ kind: fc.constant('plain' as const), command: bytes }, plainObject),
  fc.record(
    {
      kind: fc.constant('openSession' as const),
      ttlMs: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      nonce: fc.oneof(
        fc.constant(new Uint8Array(0)),
        fc.uint8Array({ minLength: 8, maxLength: 32 }),
      ),
    },
    plainObject,
  ),
  fc.record({ kind: fc.constant('closeSession' as const), session: id }, plainObject),
  fc.tuple(id, id, id, bytes).map(([session, one, other, inner]) => ({
    kind: 'inSession' as const,
    session,
    sequence: Math.max(one, other),
    acknowledgedBelow: Math.min(one, other),
    command: inner,
  })),
  fc.record(
    {
      kind: fc.constant('keepAlive' as const),
      sessions: fc.array(id, { minLength: 1, maxLength: maxKeptAlive }),
    },
    plainObject,
  ),
  fc.constant({ kind: 'tick' as const }),
  fc.integer({ min: 1, max: 4096 }).map((maxWindow) => ({
    kind: 'setLimits' as const,
    limits: { ...defaultSessionLimits, maxWindow },
  })),
);

test('what is encoded is decoded', () => {
  fc.assert(
    fc.property(command, (given) => {
      const encoded = encodeSessionCommand(given);
      assert.equal(sessionCommandProblem(encoded), null);
      assert.deepEqual(decodeSessionCommand(encoded), given);
    }),
  );
});

test('a command cut short, lengthened or altered never throws', () => {
  fc.assert(
    fc.property(command, fc.nat(), fc.nat(255), (given, at, byte) => {
      const encoded = encodeSessionCommand(given);
      const cut = encoded.subarray(0, at % encoded.length);
      decodeSessionCommand(cut);
      const altered = encoded.slice();
      altered[at % encoded.length] = byte;
      decodeSessionCommand(altered);
      if (given.kind !== 'plain' && given.kind !== 'inSession')
        assert.notEqual(sessionCommandProblem(Uint8Array.of(...encoded, byte)), null);
    }),
  );
});

test('any bytes are a command or malformed, with a reason', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (given) => {
      const problem = sessionCommandProblem(given);
      if (problem === null) {
        const decoded = decodeSessionCommand(given);
        assert.notEqual(decoded.kind, 'malformed');
      } else {
        assert.notEqual(problem, '');
      }
    }),
    { numRuns: 1000 },
  );
});

test('each rule of the layout has its refusal', () => {
  const refusals: [string, number[]][] = [
    ['it is empty', []],
    ['its version is 0, not 1', [0x00]],
    ['its version is 2, not 1', [0x20]],
    ['its kind is 7', [0x17]],
    ['truncated', [0x13, 1, 1]],
    ['session 0', [0x13, 0, 1, 1]],
    ['it acknowledges below 0', [0x13, 1, 1, 0]],
    ['it acknowledges itself', [0x13, 1, 1, 2]],
    ['integer beyond 2^53 - 1', [0x13, 255, 255, 255, 255, 255, 255, 255, 255, 127, 1, 1]],
    ['its time to live is 0 ms', [0x11, 0, 0]],
    ['its nonce has 7 bytes, not 0 or 8 to 32', [0x11, 1, 7, 1, 2, 3, 4, 5, 6, 7]],
    ['truncated', [0x11, 1, 8, 1, 2, 3, 4, 5, 6, 7]],
    ['bytes follow its end', [0x11, 1, 0, 0]],
    ['session 0', [0x12, 0]],
    ['it keeps 0 sessions alive', [0x14, 0]],
    ['it keeps 1025 sessions alive', [0x14, 0x81, 0x08, 1]],
    ['session 0', [0x14, 1, 0]],
    ['bytes follow its end', [0x15, 0]],
    ['maxSessions is 0, not an integer from 1 to 1000000', [0x16, 0, 1, 0, 0, 1, 1, 1]],
    ['minTtlMs is 7, not an integer from 8 to 604800000', [0x16, 1, 1, 0, 0, 7, 9, 2]],
  ];
  for (const [reason, given] of refusals)
    assert.equal(sessionCommandProblem(Uint8Array.from(given)), reason);
});

test('what the layout cannot say is a mistake of the caller', () => {
  const nonce = new Uint8Array(0);
  const mistakes: SessionCommand[] = [
    { kind: 'openSession', ttlMs: 0, nonce },
    { kind: 'openSession', ttlMs: 2 ** 31, nonce },
    { kind: 'openSession', ttlMs: 1000, nonce: new Uint8Array(33) },
    { kind: 'closeSession', session: 0 },
    { kind: 'keepAlive', sessions: [] },
    { kind: 'keepAlive', sessions: [1, 0] },
    { kind: 'keepAlive', sessions: new Array<number>(maxKeptAlive + 1).fill(1) },
    { kind: 'inSession', session: 1, sequence: 1, acknowledgedBelow: 2, command: nonce },
    { kind: 'setLimits', limits: { ...defaultSessionLimits, maxStepMs: 5000 } },
  ];
  for (const mistake of mistakes)
    assert.throws(() => encodeSessionCommand(mistake), AssertionFailed);
  // The encoder is not left with half a command.
  assert.deepEqual(encodeSessionCommand({ kind: 'tick' }), Uint8Array.of(0x15));
});
