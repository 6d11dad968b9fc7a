import type { NodeId } from '@quorate/schema';
import { digestOf, type FoundingPlan, type FoundingSet } from './founding-plan.ts';
import type { Hello } from './hello.ts';
import { nodeIdOf } from './node-id.ts';

/** A node that is of no group yet: what it is, and what it has promised. */
export interface Seeker {
  readonly id: string;
  readonly plan: FoundingPlan;
  /** What it has durably accepted; null: nothing. */
  readonly accepted: FoundingSet | null;
}

/** What the other nodes have answered in one round. */
export interface Round {
  /** By address. */
  readonly answers: ReadonlyMap<string, Hello>;
  /** Of those that have not answered: why. */
  readonly silent: ReadonlyMap<string, string>;
}

/**
 * - `accept`: make `set` durable, and ask again;
 * - `found`: all of its founders have accepted it, so found the group with it;
 * - `join`: a group is there; forget what was accepted and have this node taken in;
 * - `wait`: `present` of `expected` nodes are there as they should be, the rest has `problems`.
 */
export type Decision =
  | { readonly kind: 'accept'; readonly set: FoundingSet }
  | { readonly kind: 'found'; readonly set: FoundingSet }
  | { readonly kind: 'join'; readonly contacts: readonly string[] }
  | Waiting;

/** Why a node is of no group yet. */
export interface Waiting {
  readonly kind: 'wait';
  readonly present: number;
  readonly expected: number;
  /** By address, going on from it: 'has not answered (...)'. */
  readonly problems: ReadonlyMap<string, string>;
  /**
   * A group counts on this node, which knows nothing of that: it has lost its votes, and waits
   * until its old self was removed.
   */
  readonly isLost: boolean;
}

/**
 * What a node that is of no group does next. The rules that keep a second group from being founded,
 * in the sense of `docs/decisions/0045-raftify-founders-are-fixed.md`:
 *
 * 1. A node accepts one set of founders, durably, and no other as long as it might be founded.
 * 2. It founds a group only once every founder of the set has accepted that very set.
 * 3. It accepts none after anybody has told it of a group, and only when every founder is there and
 *    has the same configuration.
 */
export function decide(seeker: Seeker, round: Round): Decision {
  return seeker.accepted === null ? gather(seeker, round) : settle(seeker, seeker.accepted, round);
}

/** Another set may be accepted only where this one can never be founded. */
function settle(seeker: Seeker, set: FoundingSet, round: Round): Decision {
  const { own } = seeker.plan;
  const digest = digestOf(set);
  const others = set.founders.filter(({ address }) => address !== own);
  const { answers } = round;
  const members = [...answers.values()].filter(({ phase }) => phase === 'member');
  const peer = members.find(({ accepted, members: all }) => accepted === digest && all.length > 0);
  if (peer !== undefined) {
    // They may have gone on without this one, which was never there.
    const isNamed = peer.members.some(({ node }) => node === nodeIdOf(seeker.id));
    return isNamed ? { kind: 'found', set } : joined(seeker, round);
  }
  const isRefused = others.some(({ address }) => {
    const answer = answers.get(address);
    return answer?.phase === 'member' && answer.accepted !== digest;
  });
  // A founder that is of another group never accepts this set any more.
  if (isRefused) return joined(seeker, round);
  const problems = new Map<string, string>();
  for (const { address } of others) {
    const answer = answers.get(address);
    if (answer === undefined) problems.set(address, unanswered(round, address));
    else if (answer.accepted === null) problems.set(address, 'has not accepted the founders yet');
    else if (answer.accepted !== digest) problems.set(address, acceptedOthers);
  }
  if (problems.size === 0) return { kind: 'found', set };
  return waiting(set.founders.length, problems);
}

function gather(seeker: Seeker, round: Round): Decision {
  const { plan, id } = seeker;
  const { answers } = round;
  if ([...answers.values()].some(({ phase }) => phase === 'member')) return joined(seeker, round);
  const problems = new Map<string, string>();
  if (!plan.founders.includes(plan.own)) {
    for (const address of plan.founders) {
      problems.set(
        address,
        answers.has(address) ? 'has founded no group yet' : unanswered(round, address),
      );
    }
    return waiting(plan.expect, problems);
  }
  const founders = plan.founders.map((address) => ({
    address,
    id: address === plan.own ? id : (answers.get(address)?.id ?? ''),
  }));
  const { all, expect, maxNodes } = plan;
  const set = { founders, all, expect, maxNodes };
  const digest = digestOf(set);
  for (const address of plan.founders) {
    if (address === plan.own) continue;
    const answer = answers.get(address);
    const problem =
      answer === undefined ? unanswered(round, address) : difference(seeker, answer, answers);
    if (problem !== null) problems.set(address, problem);
  }
  if (problems.size > 0) return waiting(expect, problems);
  for (const { address, accepted } of answers.values()) {
    if (accepted !== null && accepted !== digest) problems.set(address, acceptedOthers);
  }
  return problems.size > 0 ? waiting(expect, problems) : { kind: 'accept', set };
}

const acceptedOthers =
  'has accepted other founders: where an id or the configuration was changed before the group ' +
  'was founded, stop all nodes, remove their data directories, and start them again';

/** What in another node's configuration keeps both from founding a group; null: nothing. */
function difference(
  { plan, id }: Seeker,
  answer: Hello,
  answers: ReadonlyMap<string, Hello>,
): string | null {
  const keys = [
    ['expect', plan.expect, answer.expect],
    ['max_nodes', plan.maxNodes, answer.maxNodes],
    ['performance', plan.performance, answer.performance],
    ['peer_list', plan.all.join(' '), answer.all.join(' ')],
  ] as const;
  for (const [key, ours, theirs] of keys) {
    if (ours !== theirs) return `has ${key} ${theirs}, and it is ${ours} here: make them the same`;
  }
  const namesakes = [...answers.values()].filter((other) => {
    return other !== answer && other.id === answer.id && plan.founders.includes(other.address);
  });
  const namesake = answer.id === id ? plan.own : namesakes[0]?.address;
  if (namesake === undefined) return null;
  return `has the id '${answer.id}', as ${namesake} has: give each node an id of its own`;
}

/** Into a group that is there, unless something speaks against it. */
function joined({ plan, id }: Seeker, { answers }: Round): Decision {
  const node = nodeIdOf(id);
  const problems = new Map<string, string>();
  const contacts: string[] = [];
  for (const answer of answers.values()) {
    if (answer.phase !== 'member') continue;
    const problem = objection(plan, node, answer);
    if (problem === null) contacts.push(answer.address);
    else problems.set(answer.address, problem);
  }
  // One that knows of an objection may know more than the others.
  if (problems.size === 0) return { kind: 'join', contacts };
  const isLost = [...answers.values()].some(({ members }) => {
    return members.some((member) => member.node === node && member.address === plan.own);
  });
  return { kind: 'wait', present: 0, expected: 1, problems, isLost };
}

function objection(plan: FoundingPlan, node: NodeId, answer: Hello): string | null {
  if (answer.performance !== plan.performance) {
    return (
      `has performance ${answer.performance}, and it is ${plan.performance} here: all nodes of a ` +
      'group need the same'
    );
  }
  if (answer.members.length === 0) return 'comes back itself, and does not know its members yet';
  const own = answer.members.find((member) => member.node === node);
  if (own !== undefined && own.address !== '' && own.address !== plan.own) {
    return `has a member with this node's id already, ${own.address}: give this node another id`;
  }
  if (own !== undefined) {
    return 'has this node as a member whose votes its directory has lost: waits for its removal';
  }
  const others = answer.members.length;
  const most = Math.min(plan.maxNodes, answer.maxNodes);
  if (others < most) return null;
  return `is of a group of ${others} nodes, and max_nodes is ${most}: no more are taken in`;
}

function unanswered({ silent }: Round, address: string): string {
  const reason = silent.get(address);
  return reason === undefined ? 'has not answered' : `has not answered (${reason})`;
}

function waiting(expected: number, problems: ReadonlyMap<string, string>): Waiting {
  return { kind: 'wait', present: expected - problems.size, expected, problems, isLost: false };
}
