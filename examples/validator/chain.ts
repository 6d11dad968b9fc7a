// The fake chain: it has a duty for the validator in every slot, takes signatures for it from
// whoever sends them, and remembers all it has ever seen, for the rules that validators are
// punished by.
import { createHash, type KeyObject, verify } from 'node:crypto';

/** What the validator is to sign in a slot. The block is its proposer's own, the vote is not. */
export interface Duty {
  readonly slot: number;
  readonly vote: Vote;
}

/** From a checkpoint that most have voted for to the one of the slot. */
export interface Vote {
  readonly kind: 'attestation';
  readonly source: number;
  readonly target: number;
}

export interface Block {
  readonly kind: 'block';
  readonly slot: number;
  readonly proposer: number;
  /** Transactions, in a real one: no two proposers would pick the same. */
  readonly nonce: string;
}

/** Signed content, as it came in. */
export interface Signed {
  readonly content: Block | Vote;
  readonly signature: Buffer;
}

/** What is signed: a hash of the content. */
export function digestOf(content: Block | Vote): Buffer {
  const fields =
    content.kind === 'block'
      ? [content.kind, content.slot, content.proposer, content.nonce]
      : [content.kind, content.source, content.target];
  return createHash('sha256').update(JSON.stringify(fields)).digest();
}

/** After so many slots a duty that nobody has done is missed. */
export const openSlots = 8;

export class Chain {
  readonly #publicKey: KeyObject;
  readonly #blocks: Block[] = [];
  readonly #votes: Vote[] = [];
  readonly #duties: Duty[] = [];
  readonly #blockTimely = new Set<number>();
  readonly #voteTimely = new Set<number>();
  /** In words, each a reason to punish the validator. */
  readonly offences: string[] = [];
  invalid = 0;

  constructor(publicKey: KeyObject) {
    this.#publicKey = publicKey;
  }

  /** Slots count from 1; 0: none has begun. */
  get slot(): number {
    return this.#duties.length;
  }

  get signedBlocks(): number {
    return this.#blockTimely.size;
  }

  get signedVotes(): number {
    return this.#voteTimely.size;
  }

  nextSlot(): void {
    const source = Math.max(0, ...this.#votes.map(({ target }) => target));
    const slot = this.slot + 1;
    this.#duties.push({ slot, vote: { kind: 'attestation', source, target: slot } });
  }

  /** What may still be done, oldest first. */
  openDuties(): Duty[] {
    const isMissing = ({ slot }: Duty) =>
      !this.#blockTimely.has(slot) || !this.#voteTimely.has(slot);
    return this.#duties.slice(-openSlots).filter(isMissing);
  }

  missedBlocks(): number[] {
    return this.#duties.map(({ slot }) => slot).filter((slot) => !this.#blockTimely.has(slot));
  }

  hasBlock(slot: number): boolean {
    return this.#blocks.some((block) => block.slot === slot);
  }

  take({ content, signature }: Signed): void {
    if (!verify(null, digestOf(content), this.#publicKey, signature)) {
      this.invalid += 1;
      return;
    }
    if (content.kind === 'block') this.#takeBlock(content);
    else this.#takeVote(content);
  }

  #takeBlock(block: Block): void {
    const { slot } = block;
    if (slot > this.slot - openSlots && slot <= this.slot) this.#blockTimely.add(slot);
    const digest = digestOf(block);
    for (const other of this.#blocks.filter((one) => one.slot === slot)) {
      if (digestOf(other).equals(digest)) return;
      this.offences.push(`two blocks at slot ${slot}, by ${other.proposer} and ${block.proposer}`);
    }
    this.#blocks.push(block);
  }

  #takeVote(vote: Vote): void {
    const { source, target } = vote;
    if (target > this.slot - openSlots && target <= this.slot) this.#voteTimely.add(target);
    const name = `(${source}, ${target})`;
    for (const other of this.#votes) {
      if (other.source === source && other.target === target) return;
      const otherName = `(${other.source}, ${other.target})`;
      if (other.target === target) this.offences.push(`two votes for ${target} from ${otherName}`);
      if (surrounds(other, vote)) this.offences.push(`${otherName} surrounds ${name}`);
      if (surrounds(vote, other)) this.offences.push(`${name} surrounds ${otherName}`);
    }
    this.#votes.push(vote);
  }
}

function surrounds(outer: Vote, inner: Vote): boolean {
  return outer.source < inner.source && inner.target < outer.target;
}
