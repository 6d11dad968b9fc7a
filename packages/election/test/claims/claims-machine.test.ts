import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkStateMachine } from '@quorate/runtime/conformance';
import fc from 'fast-check';
import { encodeClaimsCommand } from '../../src/core/claims/claims-command.ts';
import { ClaimsMachine } from '../../src/core/claims/claims-machine.ts';
import { firstTokenOf, maxKeys } from '../../src/core/claims/claims-model.ts';
import type { Position } from '../../src/core/claims/position.ts';
import {
  anyCommand,
  applyOne,
  attestation,
  block,
  claimOf,
  digestOf,
  entryOf,
  keyOf,
  snapshotOf,
  vote,
} from './drawn.ts';

const key = keyOf('validator');
const signature = new Uint8Array([1, 2, 3]);

function storedOf(position: Position, content: number) {
  return { kind: 'stored', key, position, digest: digestOf(content), signature } as const;
}

function floorOf(position: Position, generation = 0) {
  return { kind: 'raiseFloor', key, position, generation } as const;
}

describe('claims', () => {
  it('are answered the same when they are repeated, and refused with another digest', () => {
    const machine = new ClaimsMachine();
    assert.deepEqual(applyOne(machine, claimOf(block(5), 1)), { kind: 'sign' });
    assert.deepEqual(applyOne(machine, claimOf(block(5), 1)), { kind: 'sign' });
    const refused = { kind: 'refused', watermark: block(5), token: 0n } as const;
    const other = { ...refused, reason: 'otherDigest' } as const;
    assert.deepEqual(applyOne(machine, claimOf(block(5), 2)), other);
    assert.deepEqual(applyOne(machine, storedOf(block(5), 1)), { kind: 'stored' });
    assert.deepEqual(applyOne(machine, claimOf(block(5), 1)), { kind: 'signed', signature });
    assert.deepEqual(applyOne(machine, claimOf(block(5), 2)), other);
    const older = { ...refused, reason: 'notNewer' } as const;
    assert.deepEqual(applyOne(machine, claimOf(block(4), 1)), older);
  });

  it('keep the first signature, and none of another claim', () => {
    const machine = new ClaimsMachine();
    const { watermark } = { watermark: null };
    assert.deepEqual(applyOne(machine, storedOf(block(5), 1)), { kind: 'notStored', watermark });
    applyOne(machine, claimOf(block(5), 1));
    const no = { kind: 'notStored', watermark: block(5) } as const;
    assert.deepEqual(applyOne(machine, storedOf(block(5), 2)), no);
    assert.deepEqual(applyOne(machine, storedOf(block(4), 1)), no);
    assert.deepEqual(applyOne(machine, storedOf(block(5), 1)), { kind: 'stored' });
    const second = { ...storedOf(block(5), 1), signature: new Uint8Array([9]) };
    assert.deepEqual(applyOne(machine, second), { kind: 'stored' });
    assert.deepEqual(applyOne(machine, claimOf(block(5), 1)), { kind: 'signed', signature });
    applyOne(machine, claimOf(block(6), 1));
    assert.deepEqual(applyOne(machine, claimOf(block(6), 1)), { kind: 'sign' });
  });

  it('are refused under an older token than the key has seen, also in a refused claim', () => {
    const machine = new ClaimsMachine();
    applyOne(machine, claimOf(block(5), 1, 7n));
    const refused = { kind: 'refused', watermark: block(5) } as const;
    const older = { ...refused, reason: 'olderToken' } as const;
    assert.deepEqual(applyOne(machine, claimOf(block(6), 1, 6n)), { ...older, token: 7n });
    assert.deepEqual(applyOne(machine, claimOf(block(5), 1, 6n)), { ...older, token: 7n });
    const notNewer = { ...refused, reason: 'notNewer', token: 9n } as const;
    assert.deepEqual(applyOne(machine, claimOf(block(4), 1, 9n)), notNewer);
    assert.deepEqual(applyOne(machine, claimOf(block(6), 1, 8n)), { ...older, token: 9n });
    assert.equal(applyOne(machine, claimOf(block(6), 1, 9n)).kind, 'sign');
    const elsewhere = { ...claimOf(block(6), 1, 1n), key: keyOf('other') };
    assert.equal(applyOne(machine, elsewhere).kind, 'sign');
  });

  it('need a floor from an operator in a new restore generation, one for each kind', () => {
    const machine = new ClaimsMachine();
    applyOne(machine, claimOf(block(5), 1, 3n));
    const token = firstTokenOf(1) + 4n;
    for (const position of [block(6), attestation(1, 2)]) {
      const result = applyOne(machine, claimOf(position, 1, token));
      assert.ok(result.kind === 'refused' && result.reason === 'floorNeeded');
    }
    const raised = { kind: 'raised', watermark: block(9) } as const;
    assert.deepEqual(applyOne(machine, floorOf(block(9), 1)), raised);
    const low = applyOne(machine, claimOf(block(9), 1, token));
    assert.ok(low.kind === 'refused' && low.reason === 'notNewer');
    for (const slot of [10, 11]) {
      assert.equal(applyOne(machine, claimOf(block(slot), 1, token)).kind, 'sign');
    }
    const still = applyOne(machine, claimOf(attestation(1, 2), 1, token));
    assert.ok(still.kind === 'refused' && still.reason === 'floorNeeded');
    const later = applyOne(machine, claimOf(block(12), 1, firstTokenOf(2)));
    assert.ok(later.kind === 'refused' && later.reason === 'floorNeeded');
  });

  it('end older leaderships once a floor was given for a generation', () => {
    const machine = new ClaimsMachine();
    applyOne(machine, floorOf(block(9), 2));
    const result = applyOne(machine, claimOf(block(10), 1, firstTokenOf(1) + 5n));
    const { kind, reason } = { kind: 'refused', reason: 'olderToken' } as const;
    assert.deepEqual(result, { kind, reason, watermark: block(9), token: firstTokenOf(2) });
  });

  it('keep the newest leadership and generation when a floor of an older one comes', () => {
    const machine = new ClaimsMachine();
    applyOne(machine, floorOf(block(5), 2));
    const token = firstTokenOf(2) + 7n;
    assert.equal(applyOne(machine, claimOf(block(6), 1, token)).kind, 'sign');
    applyOne(machine, floorOf(block(8), 0));
    applyOne(machine, floorOf(block(9), 1));
    const older = applyOne(machine, claimOf(block(10), 1, token - 1n));
    assert.ok(older.kind === 'refused' && older.reason === 'olderToken' && older.token === token);
    assert.equal(applyOne(machine, claimOf(block(10), 1, token)).kind, 'sign');
  });

  it('have floors that only go up, each number for itself', () => {
    const machine = new ClaimsMachine();
    const raise = (position: Position) => {
      const result = applyOne(machine, floorOf(position));
      return result.kind === 'raised' ? result.watermark : null;
    };
    assert.deepEqual(raise(attestation(5, 7)), attestation(5, 7));
    assert.deepEqual(raise(attestation(3, 9)), attestation(5, 9));
    assert.deepEqual(raise(attestation(6, 8)), attestation(6, 9));
    assert.deepEqual(raise(block(5)), block(5));
    assert.deepEqual(raise(block(4)), block(5));
    assert.deepEqual(raise(vote(5, 1, 2)), vote(5, 1, 2));
    assert.deepEqual(raise(vote(5, 0, 3)), vote(5, 1, 2));
    assert.deepEqual(raise(vote(5, 2, 0)), vote(5, 2, 0));
  });

  it('are not repeated when a floor may contradict them', () => {
    const answerAfter = (claimed: Position, floor: Position) => {
      const machine = new ClaimsMachine();
      applyOne(machine, claimOf(claimed, 1));
      applyOne(machine, floorOf(floor));
      return applyOne(machine, claimOf(claimed, 1)).kind;
    };
    assert.equal(answerAfter(block(5), block(4)), 'sign');
    assert.equal(answerAfter(block(5), block(5)), 'refused');
    assert.equal(answerAfter(attestation(5, 10), attestation(4, 9)), 'sign');
    assert.equal(answerAfter(attestation(5, 10), attestation(3, 10)), 'refused');
    assert.equal(answerAfter(attestation(5, 10), attestation(6, 9)), 'refused');
    assert.equal(answerAfter(vote(5, 1, 1), vote(5, 1, 0)), 'sign');
  });

  it('are kept for so many keys, and none of them is forgotten', () => {
    const machine = new ClaimsMachine();
    const entries = Array.from({ length: maxKeys + 1 }, (_, at) => {
      const named = { ...claimOf(block(1), 1), key: keyOf(`${at}`) };
      return entryOf(encodeClaimsCommand(named), at + 1);
    });
    const results = machine.apply(entries);
    assert.ok(results.slice(0, maxKeys).every(({ kind }) => kind === 'sign'));
    const last = results.at(-1);
    assert.ok(last?.kind === 'refused' && last.reason === 'tooManyKeys');
    const copy = new ClaimsMachine();
    const sink = copy.restore();
    for (const chunk of { [Symbol.iterator]: () => machine.snapshot() }) {
      assert.ok(chunk.length <= 1024 * 1024);
      sink.chunk(chunk);
    }
    sink.finish();
    assert.deepEqual(snapshotOf(copy), snapshotOf(machine));
    const again = applyOne(copy, { ...claimOf(block(1), 2), key: keyOf('0') });
    assert.ok(again.kind === 'refused' && again.reason === 'otherDigest');
  });

  it('keep nothing of the bytes that a command came in', () => {
    const machine = new ClaimsMachine();
    for (const command of [claimOf(block(5), 1), storedOf(block(5), 1)]) {
      const bytes = Buffer.from(encodeClaimsCommand(command));
      machine.apply([entryOf(bytes)]);
      bytes.fill(0xee);
    }
    assert.deepEqual(applyOne(machine, claimOf(block(5), 1)), { kind: 'signed', signature });
  });

  it('can be replicated', () => {
    const oddities = fc.oneof(
      { weight: 9, arbitrary: anyCommand.map(encodeClaimsCommand) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
    );
    checkStateMachine({
      create: () => new ClaimsMachine(),
      commands: (count, seed) => fc.sample(oddities, { numRuns: count, seed }),
    });
  });
});
