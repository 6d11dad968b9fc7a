import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import { checkStateMachine } from '@quorate/runtime/conformance';
import fc from 'fast-check';
import {
  decodeElectionCommand,
  type ElectionCommand,
  ElectionError,
  ElectionMachine,
  type ElectionResult,
  encodeElectionCommand,
  maxGeneration,
  maxValueBytes,
} from '../../src/core/index.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const lease = { electionTimeoutMs: 100, clockDriftPpm: 100 };
const value = fc.uint8Array({ maxLength: 40 });
const token = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const command: fc.Arbitrary<ElectionCommand> = fc.oneof(
  fc.record({
    kind: fc.constant('lead' as const),
    leader: id,
    term: id,
    generation: fc.integer({ min: 0, max: maxGeneration }),
    lease: fc.record({ electionTimeoutMs: id, clockDriftPpm: fc.nat() }, { noNullPrototype: true }),
    value,
  }),
  fc.record({ kind: fc.constant('proclaim' as const), token, value }),
  fc.record({ kind: fc.constant('resign' as const), token }),
);

/** Few terms, leaders and tokens, so that commands meet. */
const near: fc.Arbitrary<ElectionCommand> = fc.oneof(
  fc.record({
    kind: fc.constant('lead' as const),
    leader: fc.integer({ min: 1, max: 3 }),
    term: fc.integer({ min: 1, max: 4 }),
    generation: fc.constantFrom(0, 0, 0, 1),
    lease: fc.constant(lease),
    value,
  }),
  fc.record({
    kind: fc.constant('proclaim' as const),
    token: fc.bigInt({ min: 0n, max: 6n }),
    value,
  }),
  fc.record({ kind: fc.constant('resign' as const), token: fc.bigInt({ min: 0n, max: 6n }) }),
);

/** Terms never fall along a log. */
const log = fc.array(fc.tuple(near, fc.integer({ min: 0, max: 1 })), { maxLength: 40 });

class Log {
  readonly machine = new ElectionMachine();
  #index = 0;

  apply(term: number, given: ElectionCommand | Uint8Array): ElectionResult {
    this.#index += 1;
    const encoded = given instanceof Uint8Array ? given : encodeElectionCommand(given);
    const entry = { index: this.#index, term, timestampMicros: this.#index, command: encoded };
    return this.machine.apply([entry])[0] as ElectionResult;
  }

  lead(term: number, leader: number, generation = 0): ElectionResult {
    return this.apply(term, { kind: 'lead', leader, term, generation, lease, value: bytes('v') });
  }
}

describe('ElectionMachine', () => {
  it('is a state machine that can be replicated', () => {
    checkStateMachine({
      create: () => new ElectionMachine(),
      commands: (count, seed) => {
        const prng = new Prng(seed);
        return Array.from({ length: count }, (_, at) => {
          const own = { leader: prng.between(1, 3), term: 1 + Math.floor(at / 10) };
          const its = BigInt(prng.below(at + 2));
          const text = bytes(`value ${at}`.repeat(prng.pick([1, 1, 100])));
          return prng.pick([
            () =>
              encodeElectionCommand({ kind: 'lead', ...own, generation: 0, lease, value: text }),
            () =>
              encodeElectionCommand({
                kind: 'lead',
                ...own,
                term: 1,
                generation: 0,
                lease,
                value: text,
              }),
            () => encodeElectionCommand({ kind: 'proclaim', token: its, value: text }),
            () => encodeElectionCommand({ kind: 'resign', token: its }),
            () => text,
          ])();
        });
      },
    });
  });

  it('grants a leadership to whoever asks in the term of its own entry, and to nobody else', () => {
    const election = new Log();
    assert.deepEqual(election.lead(3, 2), { outcome: 'led', token: 1n });
    const stale = {
      kind: 'lead',
      leader: 1,
      term: 3,
      generation: 0,
      lease,
      value: bytes(''),
    } as const;
    assert.deepEqual(election.apply(4, stale), { outcome: 'refused', reason: 'staleTerm' });
    const early = { ...stale, term: 9 };
    assert.deepEqual(election.apply(4, early), { outcome: 'refused', reason: 'staleTerm' });
    assert.equal(election.machine.record?.leader, 2);
  });

  it('gives a second leadership in one term a token of its own', () => {
    const election = new Log();
    election.lead(1, 1);
    assert.deepEqual(election.lead(1, 1), { outcome: 'led', token: 2n });
  });

  it('begins at the tokens of the restore generation, and never goes back', () => {
    const election = new Log();
    election.lead(1, 1);
    assert.deepEqual(election.lead(2, 1, 3), { outcome: 'led', token: 3n << 48n });
    assert.deepEqual(election.lead(3, 1, 0), { outcome: 'led', token: (3n << 48n) + 1n });
    assert.equal(election.machine.lastToken, (3n << 48n) + 1n);
  });

  it('lets only the leadership that is held speak, and only in its term', () => {
    const election = new Log();
    const say = (term: number, its: bigint): ElectionResult =>
      election.apply(term, { kind: 'proclaim', token: its, value: bytes('new') });
    assert.deepEqual(say(1, 0n), { outcome: 'refused', reason: 'staleToken' });
    election.lead(1, 1);
    assert.deepEqual(say(2, 1n), { outcome: 'refused', reason: 'staleTerm' });
    assert.deepEqual(say(1, 1n), { outcome: 'proclaimed' });
    assert.deepEqual(election.machine.record?.value, bytes('new'));
    election.lead(2, 2);
    assert.deepEqual(say(2, 1n), { outcome: 'refused', reason: 'staleToken' });
    election.apply(2, { kind: 'resign', token: 2n });
    assert.deepEqual(say(2, 2n), { outcome: 'refused', reason: 'staleToken' });
  });

  it('ends the leadership that resigns, once, and no later one', () => {
    const election = new Log();
    election.lead(1, 1);
    election.lead(2, 2);
    const resign = (its: bigint): ElectionResult =>
      election.apply(2, { kind: 'resign', token: its });
    assert.deepEqual(resign(1n), { outcome: 'refused', reason: 'staleToken' });
    assert.equal(election.machine.record?.held, true);
    assert.deepEqual(resign(2n), { outcome: 'resigned' });
    assert.equal(election.machine.record?.held, false);
    assert.deepEqual(resign(2n), { outcome: 'refused', reason: 'staleToken' });
  });

  it('refuses when tokens have run out', () => {
    const election = new Log();
    election.lead(1, 1, maxGeneration);
    const restored = new ElectionMachine();
    const sink = restored.restore();
    const chunk = election.machine.snapshot().next().value as Uint8Array;
    // The token is the 8 bytes behind version and flag.
    sink.chunk(chunk.slice().fill(0xff, 2, 10));
    sink.finish();
    assert.equal(restored.lastToken, 2n ** 64n - 1n);
    const last = encodeElectionCommand({
      kind: 'lead',
      leader: 1,
      term: 2,
      generation: 0,
      lease,
      value: bytes(''),
    });
    const entry = { index: 9, term: 2, timestampMicros: 9, command: last };
    assert.deepEqual(restored.apply([entry]), [{ outcome: 'refused', reason: 'tokensExhausted' }]);
  });

  it('hands out tokens that strictly rise, whatever the log holds', () => {
    fc.assert(
      fc.property(log, (entries) => {
        const election = new Log();
        let term = 1;
        let last = 0n;
        for (const [given, step] of entries) {
          term += step;
          const before = election.machine.record;
          const result = election.apply(term, given);
          if (result.outcome === 'led') {
            assert.ok(result.token > last);
            last = result.token;
            assert.equal(given.kind === 'lead' && given.term, term);
          } else if (result.outcome === 'refused') {
            assert.equal(election.machine.record, before);
          } else {
            assert.equal(given.kind !== 'lead' && given.token, last);
          }
          assert.equal(election.machine.lastToken, last);
        }
      }),
    );
  });

  it('answers bytes that are no command with a refusal, and stays as it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        const election = new Log();
        election.lead(1, 1);
        const before = election.machine.record;
        if (decodeElectionCommand(noise) !== null) return;
        assert.deepEqual(election.apply(1, noise), { outcome: 'refused', reason: 'malformed' });
        assert.equal(election.machine.record, before);
      }),
    );
  });

  it('keeps no view of what it was given', () => {
    const election = new Log();
    const encoded = encodeElectionCommand({
      kind: 'lead',
      leader: 1,
      term: 1,
      generation: 0,
      lease,
      value: bytes('mine'),
    });
    election.apply(1, encoded);
    encoded.fill(0);
    assert.deepEqual(election.machine.record?.value, bytes('mine'));
  });
});

describe('the codec of election commands', () => {
  it('reads what it wrote', () => {
    fc.assert(
      fc.property(command, (given) => {
        assert.deepEqual(decodeElectionCommand(encodeElectionCommand(given)), { ...given });
      }),
    );
  });

  it('takes no part of a command for one, nor one with something behind it', () => {
    fc.assert(
      fc.property(command, fc.nat(), (given, cut) => {
        const encoded = encodeElectionCommand(given);
        assert.equal(decodeElectionCommand(encoded.subarray(0, cut % encoded.length)), null);
        assert.equal(decodeElectionCommand(new Uint8Array([...encoded, 0])), null);
      }),
    );
  });

  it('refuses other versions, kinds and values that are too long', () => {
    const lead = encodeElectionCommand({
      kind: 'lead',
      leader: 1,
      term: 1,
      generation: 0,
      lease,
      value: new Uint8Array(maxValueBytes),
    });
    assert.notEqual(decodeElectionCommand(lead), null);
    assert.equal(decodeElectionCommand(lead.with(0, 2)), null);
    assert.equal(decodeElectionCommand(lead.with(1, 9)), null);
    // 4096 is the varint 0x80 0x20.
    const longer = new Uint8Array([...lead.with(7, 0x81), 7]);
    assert.equal(decodeElectionCommand(longer), null);
  });
});

describe('the snapshot of an election', () => {
  const take = (machine: ElectionMachine): Uint8Array =>
    machine.snapshot().next().value as Uint8Array;

  it('restores the record, however it is cut', () => {
    fc.assert(
      fc.property(log, fc.integer({ min: 1, max: 9 }), (entries, size) => {
        const election = new Log();
        let term = 1;
        for (const [given, step] of entries) {
          term += step;
          election.apply(term, given);
        }
        const restored = new ElectionMachine();
        const sink = restored.restore();
        const chunk = take(election.machine);
        for (let at = 0; at < chunk.length; at += size) sink.chunk(chunk.subarray(at, at + size));
        sink.finish();
        assert.deepEqual(restored.record, election.machine.record);
      }),
    );
  });

  it('that is not whole, too long or of another version restores nothing', () => {
    const election = new Log();
    election.lead(1, 1);
    const whole = take(election.machine);
    const other = new Log();
    other.lead(5, 3);
    const { record } = other.machine;
    for (const wrong of [
      whole.subarray(0, -1),
      new Uint8Array(0),
      new Uint8Array([...whole, 1]),
      whole.with(0, 2),
      whole.with(1, 2),
      whole.slice().fill(0, 2, 10),
    ]) {
      assert.throws(() => {
        const sink = other.machine.restore();
        sink.chunk(wrong);
        sink.finish();
      }, isInvalid);
      assert.equal(other.machine.record, record);
    }
    const sink = other.machine.restore();
    assert.throws(() => sink.chunk(new Uint8Array(1024 * 1024)), isInvalid);
  });
});

function isInvalid(error: unknown): boolean {
  return error instanceof ElectionError && error.code === 'ELECTION_SNAPSHOT_INVALID';
}
