import type { MembershipStep } from '@quorate/raft';
import type { Configuration, NodeId } from '@quorate/schema';

type Judged =
  | { readonly step: MembershipStep }
  | { readonly refused: 'NODE_ID_TAKEN' | 'NODE_ADDRESS_TAKEN'; readonly message: string };

/**
 * Whether a step may be taken that takes a node in.
 *
 * @param addressOf as far as the leader knows; empty: not known
 * @returns the step; or, for a member that is so already, one that changes nothing
 */
export function judgeAddition(
  step: MembershipStep,
  configuration: Configuration,
  addressOf: (id: NodeId) => string,
): Judged {
  if (step.kind !== 'addVoter' && step.kind !== 'addLearner') return { step };
  const { id, member = {} } = step;
  const { address = '' } = member;
  const holder = addressHolder(configuration, id, address, addressOf);
  if (holder !== null) {
    return { refused: 'NODE_ADDRESS_TAKEN', message: addressTaken(address, holder) };
  }
  if (!members(configuration).includes(id)) return { step };
  if (isPromotion(step, configuration)) return { step: { kind: 'addVoter', id } };
  const known = addressOf(id);
  const wishesVote = step.kind === 'addVoter' || step.member?.promote === true;
  if (hasOrGetsVote(configuration, id) === wishesVote && (known === address || address === '')) {
    return { step: { kind: 'describe', id } };
  }
  const part = configuration.voters.includes(id) ? 'voter' : 'member';
  const at = known === '' ? '' : ` at ${known}`;
  return {
    refused: 'NODE_ID_TAKEN',
    message:
      `node ${id} is a ${part} already${at}: to take in another node give it an id of its own; ` +
      'to change what this one is, remove it first',
  };
}

/** Of a node that is known, with nothing said of it that could be another node's. */
function isPromotion(step: MembershipStep, { learners }: Configuration): boolean {
  if (step.kind !== 'addVoter') return false;
  return learners.includes(step.id) && (step.member?.address ?? '') === '';
}

/** @returns the other member whose address it is; null: nobody's */
function addressHolder(
  configuration: Configuration,
  id: NodeId,
  address: string,
  addressOf: (id: NodeId) => string,
): NodeId | null {
  if (address === '') return null;
  const holder = members(configuration).find((one) => one !== id && addressOf(one) === address);
  return holder ?? null;
}

function addressTaken(address: string, holder: NodeId): string {
  return `${address} is the address of node ${holder}: give the new node its own`;
}

function members(configuration: Configuration): readonly NodeId[] {
  const { voters, votersOutgoing, learners, learnersNext } = configuration;
  return [...new Set([...voters, ...votersOutgoing, ...learners, ...learnersNext])];
}

function hasOrGetsVote({ voters, members: known }: Configuration, id: NodeId): boolean {
  return voters.includes(id) || known.some((member) => member.id === id && member.promote);
}
