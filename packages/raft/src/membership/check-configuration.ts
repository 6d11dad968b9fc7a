import type { Configuration, Member, NodeId } from '@quorate/schema';
import { maxConfigurationIds, maxMemberTextBytes, maxPriority } from '@quorate/schema';
import { electorateProblem } from './quorum-rules.ts';

const encoder = new TextEncoder();
const maxCount = maxConfigurationIds;

/**
 * What is wrong with a configuration that comes from the disk, a peer or options, or null. One that
 * passes can be put in force: whatever the core works out from it is defined.
 */
export function checkConfiguration(configuration: Configuration): string | null {
  return (
    listsProblem(configuration) ??
    overlapProblem(configuration) ??
    jointProblem(configuration) ??
    membersProblem(configuration) ??
    quorumsProblem(configuration) ??
    durabilityProblem(configuration)
  );
}

/** What is wrong with both halves' sizes, or null. */
export function quorumsProblem(configuration: Configuration): string | null {
  const { voters, quorum, votersOutgoing, quorumOutgoing, members } = configuration;
  const witnesses = new Set(members.filter((member) => member.witness).map((member) => member.id));
  const isWitness = (id: NodeId): boolean => witnesses.has(id);
  const problem = electorateProblem({ voters, quorum }, isWitness);
  if (problem !== null || votersOutgoing.length === 0) return problem;
  return electorateProblem({ voters: votersOutgoing, quorum: quorumOutgoing }, isWitness);
}

/** What is wrong with a member's attributes, or null. */
function memberProblem(member: Member): string | null {
  const { id, incarnation, locality, address, priority } = member;
  if (!isIntegerWithin(incarnation, 0, Number.MAX_SAFE_INTEGER)) {
    return `the incarnation of node ${id} is ${incarnation}, not a safe integer from 0`;
  }
  if (!isIntegerWithin(priority, 0, maxPriority)) {
    return `the priority of node ${id} is ${priority}, not from 0 to ${maxPriority}`;
  }
  if (!isShortText(locality) || !isShortText(address)) {
    const what = isShortText(locality) ? 'address' : 'locality';
    return `the ${what} of node ${id} is not text of at most ${maxMemberTextBytes} bytes`;
  }
  if (locality !== '' && locality.split('/').includes('')) {
    return `the locality of node ${id} has an empty part: '${locality}'`;
  }
  return null;
}

export function isNodeId(id: number): boolean {
  return isIntegerWithin(id, 1, Number.MAX_SAFE_INTEGER);
}

function isIntegerWithin(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}

function isShortText(text: string): boolean {
  // A character takes at least a byte, so a long text is not encoded to be refused.
  if (text.length > maxMemberTextBytes || !text.isWellFormed()) return false;
  return encoder.encode(text).length <= maxMemberTextBytes;
}

function listsProblem(configuration: Configuration): string | null {
  for (const name of ['voters', 'votersOutgoing', 'learners', 'learnersNext'] as const) {
    const problem = idsProblem(name, configuration[name]);
    if (problem !== null) return problem;
  }
  if (configuration.voters.length === 0) return 'voters is empty';
  return idsProblem(
    'members',
    configuration.members.map((member) => member.id),
  );
}

function idsProblem(name: string, ids: readonly NodeId[]): string | null {
  if (ids.length > maxCount) return `${name} has ${ids.length} nodes, more than ${maxCount}`;
  let previous = 0;
  for (const id of ids) {
    if (!isNodeId(id) || id <= previous) {
      return `${name} has ${id} after ${previous}: ids are safe integers, begin at 1 and ascend`;
    }
    previous = id;
  }
  return null;
}

function overlapProblem(configuration: Configuration): string | null {
  const { voters, votersOutgoing, learners, learnersNext } = configuration;
  const deciding = new Set([...voters, ...votersOutgoing]);
  const both = learners.find((id) => deciding.has(id));
  if (both !== undefined) return `node ${both} is both a voter and a learner`;
  const staying = learnersNext.find((id) => voters.includes(id) || !votersOutgoing.includes(id));
  if (staying === undefined) return null;
  return `node ${staying} of learnersNext is not a voter of the outgoing half alone`;
}

function jointProblem(configuration: Configuration): string | null {
  const { votersOutgoing, learnersNext, autoLeave, quorumOutgoing } = configuration;
  if (votersOutgoing.length > 0) return null;
  if (learnersNext.length === 0 && !autoLeave && quorumOutgoing === null) return null;
  return 'learnersNext, autoLeave or quorumOutgoing without an outgoing half';
}

function membersProblem(configuration: Configuration): string | null {
  const { voters, votersOutgoing, learners, learnersNext, members } = configuration;
  const named = new Set([...voters, ...votersOutgoing, ...learners]);
  const learning = new Set([...learners, ...learnersNext]);
  for (const member of members) {
    // A witness that was removed is remembered.
    if (!named.has(member.id) && !member.witness) {
      return `members has node ${member.id}, which has no part`;
    }
    const problem = memberProblem(member);
    if (problem !== null) return problem;
    if (member.promote && !learning.has(member.id)) {
      return `node ${member.id} is to be promoted and is no learner`;
    }
  }
  return null;
}

function durabilityProblem({ durability }: Configuration): string | null {
  if (durability === null) return null;
  const { depth, domains } = durability;
  if (isIntegerWithin(depth, 1, maxCount) && isIntegerWithin(domains, 1, maxCount)) return null;
  return `durability of ${domains} domains at depth ${depth}: each is from 1 to ${maxCount}`;
}
