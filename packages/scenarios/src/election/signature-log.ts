import type { Position } from '@quorate/election/core';
import type { NodeId } from '@quorate/schema';
import { InvariantViolation } from '@quorate/sim';

/** What somebody was given leave to sign, or has signed, under the one key that all have. */
interface Signed {
  readonly node: NodeId;
  readonly position: Position;
  readonly content: string;
}

/**
 * All that was ever signed, or may be: two contents of one position, and attestations that surround
 * one another, are what a chain punishes. Written from its conditions, without a watermark.
 */
export class SignatureLog {
  readonly #fail: (error: Error) => void;
  readonly #blocks = new Map<bigint, Signed>();
  readonly #attestations = new Map<string, Signed>();
  readonly #signed = new Set<string>();
  #refused = 0;

  /** @param fail is told of an InvariantViolation */
  constructor(fail: (error: Error) => void) {
    this.#fail = fail;
  }

  /** Positions that were signed. */
  get signatures(): number {
    return this.#signed.size;
  }

  /** Claims that lost to another. */
  get refused(): number {
    return this.#refused;
  }

  /** From now on the node may sign it at any time, whatever becomes of its leadership. */
  granted(signed: Signed): void {
    const before = this.#contradictionTo(signed);
    if (before === undefined) return;
    const why =
      `node ${signed.node} may sign ${signed.content} as ${textOf(signed.position)}, and ` +
      `node ${before.node} may sign ${before.content} as ${textOf(before.position)}`;
    this.#fail(new InvariantViolation('never signed twice', why));
  }

  signed(signed: Signed): void {
    this.granted(signed);
    this.#signed.add(textOf(signed.position));
  }

  refuse(): void {
    this.#refused += 1;
  }

  #contradictionTo(signed: Signed): Signed | undefined {
    const { position, content } = signed;
    if (position.kind === 'block') {
      const before = this.#blocks.get(position.slot);
      if (before === undefined) this.#blocks.set(position.slot, signed);
      return before?.content === content ? undefined : before;
    }
    if (position.kind !== 'attestation') return undefined;
    const key = textOf(position);
    const known = this.#attestations.get(key);
    if (known?.content === content) return undefined;
    for (const before of this.#attestations.values()) {
      if (contradicts(before.position, position)) return before;
    }
    this.#attestations.set(key, signed);
    return undefined;
  }
}

/** Two votes for one target, or one around the other. */
function contradicts(one: Position, other: Position): boolean {
  if (one.kind !== 'attestation' || other.kind !== 'attestation') return false;
  if (one.target === other.target) return true;
  const [inner, outer] = one.target < other.target ? [one, other] : [other, one];
  return outer.source < inner.source;
}

function textOf(position: Position): string {
  if (position.kind === 'block') return `block ${position.slot}`;
  if (position.kind !== 'attestation') return position.kind;
  return `attestation ${position.source} to ${position.target}`;
}
