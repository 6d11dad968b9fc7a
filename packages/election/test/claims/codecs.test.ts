import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import {
  claimsCommandProblem,
  decodeClaimsCommand,
  encodeClaimsCommand,
} from '../../src/core/claims/claims-command.ts';
import { ClaimsMachine } from '../../src/core/claims/claims-machine.ts';
import type { ClaimsCommand } from '../../src/core/claims/claims-model.ts';
import { claimsResults } from '../../src/core/claims/claims-result.ts';
import { maxSnapshotBytes } from '../../src/core/claims/claims-snapshot.ts';
import { ElectionError } from '../../src/core/election-error.ts';
import {
  anyCommand,
  anyPosition,
  applyOne,
  attestation,
  block,
  claimOf,
  entryOf,
  keyOf,
  snapshotOf,
  vote,
} from './drawn.ts';

const anyLog = fc.array(anyCommand, { maxLength: 30 });

function machineAfter(commands: readonly ClaimsCommand[]): ClaimsMachine {
  const machine = new ClaimsMachine();
  for (const command of commands) applyOne(machine, command);
  return machine;
}

function restore(machine: ClaimsMachine, bytes: Uint8Array): void {
  const sink = machine.restore();
  sink.chunk(bytes);
  sink.finish();
}

/** A snapshot without its checksum. */
function bodyOf(commands: readonly ClaimsCommand[]): Uint8Array {
  return snapshotOf(machineAfter(commands)).subarray(0, -4);
}

function seal(body: Uint8Array): Uint8Array {
  const end = Buffer.alloc(4);
  end.writeUInt32LE(crc32(body));
  return Buffer.concat([body, end]);
}

const isInvalid = (error: unknown) =>
  error instanceof ElectionError && error.code === 'CLAIM_SNAPSHOT_INVALID';

describe('the forms of claims in bytes', () => {
  it('bring commands back as they were', () => {
    const check = fc.property(anyCommand, (command) => {
      const bytes = encodeClaimsCommand(command);
      assert.deepEqual(decodeClaimsCommand(bytes), command);
      const { length } = bytes;
      for (const cut of [length - 1, length >> 1, 0]) {
        assert.equal(decodeClaimsCommand(bytes.subarray(0, cut)).kind, 'malformed');
      }
      const longer = new Uint8Array([...bytes, 0]);
      assert.equal(decodeClaimsCommand(longer).kind, 'malformed');
    });
    fc.assert(check);
  });

  it('take garbage for malformed commands, which change nothing', () => {
    const damaged = fc
      .tuple(anyCommand.map(encodeClaimsCommand), fc.nat(), fc.nat(255))
      .map(([bytes, at, value]) => bytes.with(at % bytes.length, value));
    const check = fc.property(fc.oneof(fc.uint8Array(), damaged), (bytes) => {
      const machine = machineAfter([claimOf(block(3), 1)]);
      const before = snapshotOf(machine);
      const [result] = machine.apply([entryOf(bytes)]);
      if (result?.kind !== 'malformed') return;
      assert.deepEqual(snapshotOf(machine), before);
    });
    fc.assert(check, { numRuns: 2000 });
  });

  it('bring results back as they were', () => {
    const check = fc.property(anyLog, (commands) => {
      const machine = new ClaimsMachine();
      for (const command of commands) {
        const result = applyOne(machine, command);
        assert.deepEqual(claimsResults.decode(claimsResults.encode(result)), result);
      }
    });
    fc.assert(check);
    const [malformed] = new ClaimsMachine().apply([entryOf(new Uint8Array([9]))]);
    assert.ok(malformed?.kind === 'malformed');
    assert.deepEqual(claimsResults.decode(claimsResults.encode(malformed)), malformed);
  });

  it('bring the state back from a snapshot, or refuse it as a whole', () => {
    const check = fc.property(
      anyLog,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (commands, at, flip) => {
        const machine = machineAfter(commands);
        const bytes = snapshotOf(machine);
        assert.ok(bytes.length <= maxSnapshotBytes);
        const copy = machineAfter([claimOf(block(3), 1)]);
        const before = snapshotOf(copy);
        const place = at % bytes.length;
        const damaged = bytes.with(place, (bytes[place] as number) ^ flip);
        assert.throws(() => restore(copy, damaged), isInvalid);
        assert.throws(() => restore(copy, bytes.subarray(0, place)), isInvalid);
        assert.deepEqual(snapshotOf(copy), before);
        restore(copy, bytes);
        assert.deepEqual(copy.all(), machine.all());
        assert.deepEqual(snapshotOf(copy), bytes);
      },
    );
    fc.assert(check);
  });

  it('refuse snapshots whose checksum fits, and whose content does not', () => {
    const whole = bodyOf([claimOf(block(3), 1), claimOf(attestation(1, 2), 1)]);
    restore(new ClaimsMachine(), seal(whole));
    const check = fc.property(fc.nat(), fc.nat(255), fc.nat(3), (at, value, more) => {
      const body = Buffer.concat([
        whole.with(4 + (at % (whole.length - 4)), value),
        Buffer.alloc(more),
      ]);
      const machine = new ClaimsMachine();
      try {
        restore(machine, seal(body));
      } catch (error) {
        assert.ok(isInvalid(error), String(error));
        assert.deepEqual(machine.all(), []);
        return;
      }
      // Another state than it was, but one: it can be sent on.
      restore(new ClaimsMachine(), snapshotOf(machine));
    });
    fc.assert(check, { numRuns: 3000 });
  });

  it('refuse a snapshot in which a key comes twice', () => {
    const twice = ['one', 'two'].map((name) => ({ ...claimOf(block(3), 1), key: keyOf(name) }));
    const body = Buffer.from(bodyOf(twice));
    restore(new ClaimsMachine(), seal(body));
    body.write('one', body.indexOf('two'));
    assert.throws(() => restore(new ClaimsMachine(), seal(body)), {
      code: 'CLAIM_SNAPSHOT_INVALID',
      message: /a key comes twice/,
    });
  });

  it('name the field of a command that cannot be', () => {
    const good = claimOf(block(1), 1);
    assert.ok(good.kind === 'claim');
    const stored = { ...good, kind: 'stored', signature: new Uint8Array(1) } as const;
    const floor = { ...good, kind: 'raiseFloor', generation: 0 } as const;
    for (const [field, command] of [
      ['key', { ...good, key: new Uint8Array(0) }],
      ['key', { ...good, key: new Uint8Array(129) }],
      ['key', { ...good, key: 'validator' }],
      ['digest', { ...good, digest: new Uint8Array(31) }],
      ['token', { ...good, token: -1n }],
      ['token', { ...good, token: 2n ** 64n }],
      ['token', { ...good, token: 5 }],
      ['position', { ...good, position: undefined }],
      ['position.kind', { ...good, position: { kind: 'sync' } }],
      ['position.slot', { ...good, position: block(-1) }],
      ['position.slot', { ...good, position: { kind: 'block', slot: 3 } }],
      ['position.source', { ...good, position: attestation(5, 4) }],
      ['position.target', { ...good, position: { ...attestation(0, 0), target: 2n ** 64n } }],
      ['position.height', { ...good, position: vote(-1, 0, 0) }],
      ['position.round', { ...good, position: vote(1, 0.5, 0) }],
      ['position.step', { ...good, position: vote(1, 0, 128) }],
      ['signature', { ...stored, signature: new Uint8Array(0) }],
      ['signature', { ...stored, signature: new Uint8Array(513) }],
      ['generation', { ...floor, generation: 65_536 }],
    ] as const) {
      assert.equal(claimsCommandProblem(command as ClaimsCommand)?.field, field);
    }
    const check = fc.property(anyPosition, (position) => {
      assert.equal(claimsCommandProblem({ ...good, position }), null);
    });
    fc.assert(check);
  });
});
