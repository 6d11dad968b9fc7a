import type { AppliedEntry } from '@quorate/base';
import fc from 'fast-check';
import { encodeClaimsCommand } from '../../src/core/claims/claims-command.ts';
import type { ClaimsMachine } from '../../src/core/claims/claims-machine.ts';
import type { ClaimsCommand, ClaimsResult } from '../../src/core/claims/claims-model.ts';
import { maxRound, maxStep, maxU64, type Position } from '../../src/core/claims/position.ts';

/** 32 bytes that stand for some content. */
export function digestOf(content: number): Uint8Array {
  return new Uint8Array(32).fill(content);
}

export function keyOf(name: string): Uint8Array {
  return new TextEncoder().encode(name);
}

export function block(slot: number): Position {
  return { kind: 'block', slot: BigInt(slot) };
}

export function attestation(source: number, target: number): Position {
  return { kind: 'attestation', source: BigInt(source), target: BigInt(target) };
}

export function vote(height: number, round: number, step: number): Position {
  return { kind: 'heightRoundStep', height: BigInt(height), round, step };
}

export function claimOf(position: Position, content: number, token = 0n): ClaimsCommand {
  return { kind: 'claim', key: keyOf('validator'), position, digest: digestOf(content), token };
}

export function entryOf(command: Uint8Array, index = 1): AppliedEntry {
  return { index, term: 1, timestampMicros: index, command };
}

export function applyOne(machine: ClaimsMachine, command: ClaimsCommand): ClaimsResult {
  const [result] = machine.apply([entryOf(encodeClaimsCommand(command))]);
  if (result === undefined) throw new Error('a command has a result');
  return result;
}

export function snapshotOf(machine: ClaimsMachine): Uint8Array {
  const chunks = [...{ [Symbol.iterator]: () => machine.snapshot() }];
  return new Uint8Array(Buffer.concat(chunks));
}

const u64 = fc.oneof(fc.bigInt(0n, 12n), fc.bigInt(0n, maxU64));

const anyAttestation = fc
  .tuple(u64, u64)
  .map(([a, b]) => (a < b ? { source: a, target: b } : { source: b, target: a }));

export const anyPosition: fc.Arbitrary<Position> = fc.oneof(
  u64.map((slot) => ({ kind: 'block' as const, slot })),
  anyAttestation.map((epochs) => ({ kind: 'attestation' as const, ...epochs })),
  fc
    .tuple(u64, fc.oneof(fc.nat(2), fc.nat(maxRound)), fc.oneof(fc.nat(3), fc.nat(maxStep)))
    .map(([height, round, step]) => ({ kind: 'heightRoundStep' as const, height, round, step })),
);

const anyKey = fc.oneof(
  fc.constantFrom('a', 'b', 'c').map(keyOf),
  fc.uint8Array({ minLength: 1, maxLength: 128 }),
);
const anyDigest = fc.oneof(
  fc.nat(2).map(digestOf),
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
);
const anyToken = fc.oneof(fc.bigInt(0n, 5n), fc.bigInt(0n, maxU64));

function exactly<T>(fields: { [Field in keyof T]: fc.Arbitrary<T[Field]> }): fc.Arbitrary<T> {
  return fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

export const anyCommand: fc.Arbitrary<ClaimsCommand> = fc.oneof(
  {
    weight: 5,
    arbitrary: exactly({
      kind: fc.constant('claim' as const),
      key: anyKey,
      position: anyPosition,
      digest: anyDigest,
      token: anyToken,
    }),
  },
  {
    weight: 2,
    arbitrary: exactly({
      kind: fc.constant('stored' as const),
      key: anyKey,
      position: anyPosition,
      digest: anyDigest,
      signature: fc.uint8Array({ minLength: 1, maxLength: 512 }),
    }),
  },
  {
    weight: 1,
    arbitrary: exactly({
      kind: fc.constant('raiseFloor' as const),
      key: anyKey,
      position: anyPosition,
      generation: fc.oneof(fc.nat(2), fc.nat(65_535)),
    }),
  },
);
