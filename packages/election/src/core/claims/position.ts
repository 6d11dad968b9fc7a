import { assert } from '@quorate/base';

/** A block at a slot; u64. */
export interface BlockPosition {
  readonly kind: 'block';
  readonly slot: bigint;
}

/** A vote for a checkpoint: from `source` to `target`, both epochs; u64, source at most target. */
export interface AttestationPosition {
  readonly kind: 'attestation';
  readonly source: bigint;
  readonly target: bigint;
}

/**
 * A proposal or a vote as Tendermint and CometBFT count them: a u64 height, a round up to 2^31 - 1,
 * a step up to 127 (there: 1 proposal, 2 prevote, 3 precommit).
 */
export interface HeightRoundStep {
  readonly kind: 'heightRoundStep';
  readonly height: bigint;
  readonly round: number;
  readonly step: number;
}

/** What a signature is for. Each kind has a watermark of its own under one key. */
export type Position = BlockPosition | AttestationPosition | HeightRoundStep;

/** Each kind has rules of its own for what is newer. */
export type PositionKind = Position['kind'];

export const positionKinds: readonly PositionKind[] = ['block', 'attestation', 'heightRoundStep'];

export const maxU64 = 2n ** 64n - 1n;
export const maxRound = 2 ** 31 - 1;
export const maxStep = 127;

/** A field that cannot be, and what would do. */
export interface FieldProblem {
  readonly field: string;
  readonly reason: string;
}

/**
 * Whether `next` may be signed when `watermark`, of the same kind, is the highest claimed so far.
 *
 * Why so, for attestations: an order of pairs is not enough. After (5, 10), lexicographic order
 * takes (6, 9), which the first surrounds; the target alone takes (4, 11), which surrounds it. With
 * the source never down and the target strictly up no two can surround each other, nor vote twice
 * for a target.
 *
 * @see safety rule 16; test/claims/rules.test.ts holds it to the slashing conditions
 */
export function isNewer(watermark: Position, next: Position): boolean {
  switch (next.kind) {
    case 'block':
      return next.slot > of(next.kind, watermark).slot;
    case 'attestation': {
      const { source, target } = of(next.kind, watermark);
      return next.source >= source && next.target > target;
    }
    case 'heightRoundStep':
      return compareSteps(next, of(next.kind, watermark)) > 0;
  }
}

/** Whether both, of the same kind, are one position. */
export function isSamePosition(one: Position, other: Position): boolean {
  switch (one.kind) {
    case 'block':
      return one.slot === of(one.kind, other).slot;
    case 'attestation': {
      const { source, target } = of(one.kind, other);
      return one.source === source && one.target === target;
    }
    case 'heightRoundStep':
      return compareSteps(one, of(one.kind, other)) === 0;
  }
}

/** What refuses all that either refuses; for attestations the higher of each epoch. */
export function highestOf(one: Position, other: Position): Position {
  switch (one.kind) {
    case 'block': {
      const { slot } = of(one.kind, other);
      return { kind: 'block', slot: higherOf(one.slot, slot) };
    }
    case 'attestation': {
      const { source, target } = of(one.kind, other);
      return {
        kind: 'attestation',
        source: higherOf(one.source, source),
        target: higherOf(one.target, target),
      };
    }
    case 'heightRoundStep': {
      const step = of(one.kind, other);
      return compareSteps(one, step) > 0 ? one : step;
    }
  }
}

/** `Math.max` takes no bigint. */
export function higherOf(one: bigint, other: bigint): bigint {
  if (one > other) return one;
  return other;
}

/** In words, for messages. */
export function describePosition(position: Position): string {
  switch (position.kind) {
    case 'block':
      return `block at slot ${position.slot}`;
    case 'attestation':
      return `attestation from epoch ${position.source} to ${position.target}`;
    case 'heightRoundStep':
      return `height ${position.height}, round ${position.round}, step ${position.step}`;
  }
}

/** @returns null when all fields are in range */
export function positionProblem(position: Position): FieldProblem | null {
  switch (position.kind) {
    case 'block':
      return u64Problem('slot', position.slot);
    case 'attestation':
      return u64Problem('source', position.source) ?? u64Problem('target', position.target);
    case 'heightRoundStep':
      return (
        u64Problem('height', position.height) ??
        rangeProblem('round', position.round, maxRound) ??
        rangeProblem('step', position.step, maxStep)
      );
    default: {
      const reason = `is none of ${positionKinds.join(', ')}`;
      return { field: 'kind', reason };
    }
  }
}

export function u64Problem(field: string, value: bigint): FieldProblem | null {
  if (typeof value === 'bigint' && value >= 0n && value <= maxU64) return null;
  return { field, reason: 'is no bigint from 0 to 2^64 - 1' };
}

export function rangeProblem(field: string, value: number, most: number): FieldProblem | null {
  if (Number.isInteger(value) && value >= 0 && value <= most) return null;
  return { field, reason: `is no whole number from 0 to ${most}` };
}

function of<Kind extends PositionKind>(
  kind: Kind,
  position: Position,
): Extract<Position, { readonly kind: Kind }> {
  assert(position.kind === kind, 'positions of one kind are compared');
  return position as Extract<Position, { readonly kind: Kind }>;
}

function compareSteps(one: HeightRoundStep, other: HeightRoundStep): number {
  if (one.height !== other.height) return one.height > other.height ? 1 : -1;
  return one.round - other.round || one.step - other.step;
}
