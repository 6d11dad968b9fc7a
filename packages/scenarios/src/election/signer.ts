import type { Prng } from '@quorate/base';
import {
  type ClaimsResult,
  encodeClaimsCommand,
  type Leadership,
  type Position,
} from '@quorate/election/core';
import type { GroupHandle } from '@quorate/runtime';
import type { SimulatedNode } from '@quorate/sim';
import type { SignatureLog } from './signature-log.ts';

export interface SignerOptions {
  readonly node: SimulatedNode;
  readonly claims: GroupHandle<ClaimsResult>;
  readonly leadership: () => Leadership | null;
  readonly prng: Prng;
  /** How long a slot of the chain lasts. */
  readonly slotMs: number;
  readonly log: SignatureLog;
  /** True time, by which the chain counts its slots. */
  readonly nowMs: () => number;
}

interface Work {
  readonly position: Position;
  readonly content: string;
  readonly token: bigint;
}

const key = new TextEncoder().encode('validator');
const digestBytes = 32;
/** So often the same is asked for again, when nobody knows whether it was claimed. */
const mostRepeats = 3;

/**
 * A validator's program: whoever believes to lead claims the present slot, and signs when that was
 * accepted, however much later it comes to it and whoever leads by then.
 */
export class Signer {
  readonly #options: SignerOptions;
  #count = 0;

  constructor(options: SignerOptions) {
    this.#options = options;
    this.#later(() => this.#sign());
  }

  #sign(): void {
    this.#later(() => this.#sign());
    const leadership = this.#options.leadership();
    if (leadership === null) return;
    this.#count += 1;
    // Nobody else's, and of no other life: what one life has signed another does not know.
    const content = `${this.#options.node.id}/${leadership.token}/${this.#count}`;
    this.#claim({ position: this.#position(), content, token: leadership.token }, 0);
  }

  #position(): Position {
    const { prng, slotMs, nowMs } = this.#options;
    const slot = BigInt(Math.floor(nowMs() / slotMs));
    if (prng.chance(0.5)) return { kind: 'block', slot };
    const back = BigInt(prng.below(3));
    return { kind: 'attestation', source: slot > back ? slot - back : 0n, target: slot };
  }

  #claim(work: Work, repeats: number): void {
    const { claims, node, log } = this.#options;
    const { position, content, token } = work;
    const digest = digestOf(content);
    const command = encodeClaimsCommand({ kind: 'claim', key, position, digest, token });
    claims.propose(command, (error, applied) => {
      if (error !== null) {
        if (repeats < mostRepeats) this.#later(() => this.#claim(work, repeats + 1));
        return;
      }
      const kind = applied?.result.kind;
      if (kind === 'refused') log.refuse();
      if (kind !== 'sign' && kind !== 'signed') return;
      log.granted({ node: node.id, position, content });
      this.#later(() => this.#release(work));
    });
  }

  #release({ position, content }: Work): void {
    const { claims, node, log } = this.#options;
    log.signed({ node: node.id, position, content });
    const signature = digestOf(content);
    const digest = digestOf(content);
    const command = encodeClaimsCommand({ kind: 'stored', key, position, digest, signature });
    claims.propose(command, () => undefined);
  }

  /** Within two slots. */
  #later(callback: () => void): void {
    const { prng, node, slotMs } = this.#options;
    node.world.schedule(prng.between(1, 2 * slotMs), callback);
  }
}

/** Any bytes will do that differ where the contents do. */
function digestOf(content: string): Uint8Array {
  const digest = new Uint8Array(digestBytes);
  digest.set(new TextEncoder().encode(content).subarray(0, digestBytes));
  return digest;
}
