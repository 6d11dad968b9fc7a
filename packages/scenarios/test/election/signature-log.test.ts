import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Position } from '@quorate/election/core';
import { SignatureLog } from '../../src/election/signature-log.ts';

function attestation(source: bigint, target: bigint): Position {
  return { kind: 'attestation', source, target };
}

/** How many of these contradict one before. */
function found(...all: readonly (readonly [Position, string])[]): number {
  let violations = 0;
  const log = new SignatureLog(() => {
    violations += 1;
  });
  for (const [position, content] of all) log.granted({ node: 1, position, content });
  return violations;
}

describe('SignatureLog', () => {
  it('takes the same content again, and no other for the same block', () => {
    assert.equal(found([{ kind: 'block', slot: 1n }, 'a'], [{ kind: 'block', slot: 1n }, 'a']), 0);
    assert.equal(found([{ kind: 'block', slot: 1n }, 'a'], [{ kind: 'block', slot: 1n }, 'b']), 1);
  });

  it('finds double votes, and votes around others, in either order', () => {
    assert.equal(found([attestation(1n, 2n), 'a'], [attestation(2n, 3n), 'b']), 0);
    assert.equal(found([attestation(1n, 2n), 'a'], [attestation(1n, 2n), 'a']), 0);
    assert.equal(found([attestation(1n, 2n), 'a'], [attestation(0n, 2n), 'b']), 1);
    assert.equal(found([attestation(1n, 4n), 'a'], [attestation(2n, 3n), 'b']), 1);
    assert.equal(found([attestation(2n, 3n), 'a'], [attestation(1n, 4n), 'b']), 1);
  });

  it('counts what was signed, each position once', () => {
    const log = new SignatureLog(() => assert.fail('nothing is wrong'));
    const signed = { node: 1, position: { kind: 'block', slot: 7n }, content: 'a' } as const;
    log.signed(signed);
    log.signed(signed);
    log.refuse();
    assert.equal(log.signatures, 1);
    assert.equal(log.refused, 1);
  });
});
