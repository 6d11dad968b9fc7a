import type { Configuration, Member, NodeId } from '@quorate/schema';
import { isNodeId } from './check-configuration.ts';
import { type MembershipRefusal, type MembershipStep, refusal } from './membership-change.ts';

type Refused = { readonly refused: MembershipRefusal };

/** What a configuration becomes while steps are taken on it, single or towards a joint one. */
export class ConfigurationDraft {
  readonly voters: Set<NodeId>;
  /** Empty for a single step; they keep their part, and so what is known of them. */
  readonly votersOutgoing: readonly NodeId[];
  readonly #learners: Set<NodeId>;
  readonly #learnersNext: Set<NodeId>;
  readonly #members: Map<NodeId, Member>;

  constructor(configuration: Configuration, votersOutgoing: readonly NodeId[]) {
    this.voters = new Set(configuration.voters);
    this.votersOutgoing = votersOutgoing;
    this.#learners = new Set(configuration.learners);
    this.#learnersNext = new Set(configuration.learnersNext);
    this.#members = new Map(configuration.members.map((member) => [member.id, member]));
  }

  /** @returns why the step cannot be taken, or null when it was */
  take(step: MembershipStep): Refused | null {
    if (!isNodeId(step.id)) {
      return refusal('invalid', `A node id is a safe integer from 1, not ${step.id}.`);
    }
    switch (step.kind) {
      case 'addVoter':
        this.#takeBack(step.id);
        this.#drop(step.id);
        this.voters.add(step.id);
        this.#describe(step.id, { ...step.member, promote: false });
        return null;
      case 'addLearner':
        this.#takeBack(step.id);
        this.#drop(step.id);
        // As long as it votes in the outgoing half it cannot be a learner as well.
        if (this.votersOutgoing.includes(step.id)) this.#learnersNext.add(step.id);
        else this.#learners.add(step.id);
        this.#describe(step.id, step.member ?? {});
        return null;
      case 'remove':
        this.#drop(step.id);
        if (!this.votersOutgoing.includes(step.id)) this.#forget(step.id);
        return null;
      case 'describe':
        return this.#takeDescription(step);
    }
  }

  /** The lists and members as they are now, in order. */
  lists(): Pick<Configuration, 'voters' | 'learners' | 'learnersNext' | 'members'> {
    return {
      voters: ascending(this.voters),
      learners: ascending(this.#learners),
      learnersNext: ascending(this.#learnersNext),
      members: knownMembers(this.#members.values()),
    };
  }

  #drop(id: NodeId): void {
    this.voters.delete(id);
    this.#learners.delete(id);
    this.#learnersNext.delete(id);
  }

  #hasPart(id: NodeId): boolean {
    const learns = this.#learners.has(id) || this.#learnersNext.has(id);
    return learns || this.voters.has(id) || this.votersOutgoing.includes(id);
  }

  #forget(id: NodeId): void {
    const member = this.#members.get(id);
    if (member?.witness === true) this.#members.set(id, formerWitness(member));
    else this.#members.delete(id);
  }

  /** A former witness is one again unless said otherwise, and tells anew who it is. */
  #takeBack(id: NodeId): void {
    const former = this.#members.get(id);
    if (former !== undefined && !this.#hasPart(id)) {
      this.#members.set(id, { ...former, incarnation: 0 });
    }
  }

  #takeDescription(step: Extract<MembershipStep, { kind: 'describe' }>): Refused | null {
    const { kind: _kind, id, ...attributes } = step;
    const isLearner = this.#learners.has(id) || this.#learnersNext.has(id);
    if (!this.#hasPart(id)) {
      return refusal('unknownNode', `Node ${id} has no part in this group; add it first.`);
    }
    if (attributes.promote === true && !isLearner) {
      return refusal('invalid', `Node ${id} is no learner, so it cannot be promoted.`);
    }
    this.#describe(id, attributes);
    return null;
  }

  #describe(id: NodeId, attributes: Partial<Member>): void {
    this.#members.set(id, { ...(this.#members.get(id) ?? unknownMember(id)), ...attributes });
  }
}

/**
 * What is remembered of a witness that was removed: its log is without data, so under its id only a
 * wiped node may ever hold data (rule 7).
 */
export function formerWitness({ id, incarnation }: Member): Member {
  return { ...unknownMember(id), incarnation, witness: true };
}

/** A node of which nothing is known. */
function unknownMember(id: NodeId): Member {
  const nothing = { locality: '', address: '', priority: 0, witness: false, promote: false };
  return { id, incarnation: 0, ...nothing };
}

function ascending(ids: Iterable<NodeId>): NodeId[] {
  return [...ids].sort((a, b) => a - b);
}

/** Those of which something is known, in order: there is one form of each configuration. */
function knownMembers(members: Iterable<Member>): Member[] {
  return [...members]
    .filter(
      ({ incarnation, locality, address, priority, witness, promote }) =>
        incarnation !== 0 ||
        locality !== '' ||
        address !== '' ||
        priority !== 0 ||
        witness ||
        promote,
    )
    .sort((a, b) => a.id - b.id);
}
