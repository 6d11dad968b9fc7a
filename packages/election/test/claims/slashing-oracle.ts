import type { Position } from '../../src/core/claims/position.ts';

/** A signature that was handed out. `content` stands for what was signed. */
export interface Released {
  readonly position: Position;
  readonly content: string;
}

/**
 * Whether two signatures of one key, in whatever order they were made, get their validator
 * punished. Written from the chains' own conditions, without a watermark.
 */
export function isSlashable(one: Released, other: Released): boolean {
  if (one.content === other.content && isDeepEqual(one.position, other.position)) return false;
  const [a, b] = [one.position, other.position];
  if (a.kind === 'block' && b.kind === 'block') return a.slot === b.slot;
  if (a.kind === 'attestation' && b.kind === 'attestation') {
    const isDoubleVote = a.target === b.target;
    const surrounds = a.source < b.source && b.target < a.target;
    const isSurrounded = b.source < a.source && a.target < b.target;
    return isDoubleVote || surrounds || isSurrounded;
  }
  if (a.kind === 'heightRoundStep' && b.kind === 'heightRoundStep') {
    return a.height === b.height && a.round === b.round && a.step === b.step;
  }
  return false;
}

/** The first two signatures of a history that contradict each other; null: there are none. */
export function contradiction(history: readonly Released[]): readonly [Released, Released] | null {
  for (const [at, later] of history.entries()) {
    for (const earlier of history.slice(0, at)) {
      if (isSlashable(earlier, later)) return [earlier, later];
    }
  }
  return null;
}

function isDeepEqual(a: Position, b: Position): boolean {
  return Object.entries(a).every(([field, value]) => Reflect.get(b, field) === value);
}
