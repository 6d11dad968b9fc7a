import type { MembershipChange, MembershipStep } from '@quorate/raft';
import type { GroupId, LogIndex, NodeId } from '@quorate/schema';

/**
 * What nodes ask each other about a cluster rather than within a group: by nodes that are no
 * members yet, and by those that need the leader of a group to do something. JSON in UTF-8: it is
 * rare, and a person can read it in a capture.
 */
export type ClusterRequest =
  /** Who is there? Of one group only, if it is named. */
  | { readonly kind: 'describe'; readonly group?: GroupId }
  /** Let this node take part; to be asked of the group's leader. */
  | {
      readonly kind: 'join';
      readonly group: GroupId;
      readonly node: JoiningNode;
    }
  | {
      readonly kind: 'change';
      readonly group: GroupId;
      readonly steps: readonly MembershipStep[];
      readonly conditions?: ChangeConditions;
    }
  | { readonly kind: 'transfer'; readonly group: GroupId; readonly to: NodeId }
  /** These will want to reach the node, for the group is to be moved to it. */
  | { readonly kind: 'meet'; readonly group: GroupId; readonly members: readonly MetMember[] }
  /**
   * The group is to be moved away from the node: serve it through other members from now on, and
   * answer once nothing waits for the replica here.
   */
  | { readonly kind: 'release'; readonly group: GroupId }
  /** Whether this member of the group answers the node that is asked. */
  | { readonly kind: 'probe'; readonly group: GroupId; readonly node: NodeId };

/** What else has to hold for a change, as the leader sees it at the moment it would propose it. */
export interface ChangeConditions {
  /** Learners that are to stay learners, the new one included. */
  readonly mostLearners?: number;
  /** This node has nearly all that the leader has. */
  readonly caughtUp?: NodeId;
  /**
   * A majority of the voters that remain has answered the leader since it leads: a new one takes
   * even the dead for alive until an election timeout has passed. For steps that remove.
   */
  readonly majorityHeard?: boolean;
}

/** Enough to reach a node: its id, and where it listens ('host:port'; empty: not known). */
export type MetMember = Pick<DescribedMember, 'id' | 'address'>;

export interface JoiningNode {
  readonly id: NodeId;
  readonly incarnation: number;
  /** 'host:port', as its peers reach it. */
  readonly address: string;
  readonly locality: string;
  /** Become a voter once it has caught up, rather than stay a learner. */
  readonly promote: boolean;
}

/** A voter or a learner of one group, as whoever answered knows it. */
export interface DescribedMember {
  readonly id: NodeId;
  /** Empty: not known to whom was asked. */
  readonly address: string;
  readonly role: 'voter' | 'learner';
  /** Of the data that the configuration knows under this id; left out: not known. */
  readonly incarnation?: number;
}

/**
 * One group as a node sees it, which may be behind: of several answers the one with the highest
 * `index` counts.
 */
export interface DescribedGroup {
  readonly id: GroupId;
  /** Of the configuration that these are the members of. The higher one is the newer. */
  readonly index: LogIndex;
  /** 0: none known. */
  readonly leader: NodeId;
  readonly members: readonly DescribedMember[];
}

/** What one node says of its cluster: the groups it has itself, and no others. */
export interface ClusterDescription {
  /** 16 hex digits. */
  readonly clusterId: string;
  /** As the nodes were given it; left out: whoever answers was not. */
  readonly clusterName?: string;
  /** Who answers. */
  readonly nodeId: NodeId;
  readonly groups: readonly DescribedGroup[];
}

export type ClusterAnswer =
  | ({ readonly kind: 'described' } & ClusterDescription)
  /** In force and committed at this index. */
  | { readonly kind: 'changed'; readonly index: LogIndex }
  | { readonly kind: 'transferred' }
  | { readonly kind: 'released' }
  | { readonly kind: 'probed'; readonly answers: boolean }
  /** `address` is where peers reach the node that answers. */
  | { readonly kind: 'met'; readonly nodeId: NodeId; readonly address: string }
  | {
      readonly kind: 'refused';
      /**
       * Of a `RuntimeError`, or JOINING_REFUSED, NODE_ID_TAKEN, NODE_ADDRESS_TAKEN, GROUP_UNKNOWN,
       * TOO_MANY_LEARNERS, LEARNER_BEHIND, VOTERS_SILENT, NODE_UNKNOWN, REQUEST_UNKNOWN.
       */
      readonly code: string;
      readonly message: string;
      /** Of RUNTIME_CHANGE_REFUSED, else empty. */
      readonly reason: string;
      /** Whom to ask instead; 0: unknown, or nobody. */
      readonly leader: NodeId;
      readonly leaderAddress: string;
    };

const text = new TextEncoder();
const textOf = new TextDecoder('utf-8', { fatal: true });

export function encodeRequest(request: ClusterRequest): Uint8Array {
  return text.encode(JSON.stringify(request));
}

export function encodeAnswer(answer: ClusterAnswer): Uint8Array {
  return text.encode(JSON.stringify(answer));
}

/** @returns null when the bytes are no request that this version knows */
export function parseRequest(bytes: Uint8Array): ClusterRequest | null {
  const found = parseObject(bytes);
  if (found === null) return null;
  const { kind, group, node, steps, to, members, conditions } = found;
  if (kind === 'describe' && group === undefined) return { kind };
  if (!isId(group)) return null;
  if (kind === 'describe' || kind === 'release') return { kind, group };
  if (kind === 'meet') {
    const met = Array.isArray(members) && members.length <= maxMembers ? members.map(metOf) : [];
    return met.length === 0 || met.includes(null)
      ? null
      : { kind, group, members: met as MetMember[] };
  }
  if (kind === 'join') {
    const joining = joiningNode(node);
    return joining === null ? null : { kind, group, node: joining };
  }
  if (kind === 'probe') return isId(node) ? { kind, group, node } : null;
  if (kind === 'transfer') return to === 0 || isId(to) ? { kind, group, to } : null;
  if (kind !== 'change' || !Array.isArray(steps) || steps.length > maxSteps) return null;
  const parsed = steps.map(stepOf);
  const held = conditions === undefined ? {} : conditionsOf(conditions);
  if (parsed.includes(null) || held === null) return null;
  return { kind, group, steps: parsed as MembershipStep[], conditions: held };
}

function conditionsOf(value: unknown): ChangeConditions | null {
  const { mostLearners, caughtUp, majorityHeard } = objectOf(value) ?? {};
  if (mostLearners !== undefined && !isIndex(mostLearners)) return null;
  if (caughtUp !== undefined && !isId(caughtUp)) return null;
  if (majorityHeard !== undefined && typeof majorityHeard !== 'boolean') return null;
  return {
    ...(majorityHeard === undefined ? {} : { majorityHeard }),
    ...(mostLearners === undefined ? {} : { mostLearners }),
    ...(caughtUp === undefined ? {} : { caughtUp }),
  };
}

/** @returns null when the bytes are no answer that this version knows */
export function parseAnswer(bytes: Uint8Array): ClusterAnswer | null {
  const found = parseObject(bytes);
  if (found === null) return null;
  switch (found['kind']) {
    case 'transferred':
    case 'released':
      return { kind: found['kind'] };
    case 'probed':
      return typeof found['answers'] === 'boolean'
        ? { kind: 'probed', answers: found['answers'] }
        : null;
    case 'met':
      return metAnswer(found);
    case 'changed':
      return isIndex(found['index']) ? { kind: 'changed', index: found['index'] } : null;
    case 'refused':
      return refusedAnswer(found);
    case 'described':
      return describedAnswer(found);
    default:
      return null;
  }
}

type Fields = Readonly<Record<string, unknown>>;

const maxSteps = 64;
const maxMembers = 256;
const maxTextLength = 255;

function parseObject(bytes: Uint8Array): Fields | null {
  try {
    return objectOf(JSON.parse(textOf.decode(bytes)));
  } catch {
    return null;
  }
}

function objectOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : null;
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isId(value: unknown): value is number {
  return isIndex(value) && value > 0;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxTextLength;
}

function joiningNode(value: unknown): JoiningNode | null {
  const { id, incarnation, address, locality, promote } = objectOf(value) ?? {};
  if (!isId(id) || !isIndex(incarnation) || !isText(address) || !isText(locality)) return null;
  return typeof promote === 'boolean' ? { id, incarnation, address, locality, promote } : null;
}

/** Only what a node may ask of another: the whole of `MembershipChange` is for the leader's own. */
function stepOf(value: unknown): MembershipStep | null {
  const { kind, id, member } = objectOf(value) ?? {};
  if (!isId(id)) return null;
  if (kind === 'remove') return { kind, id };
  if (kind !== 'addVoter' && kind !== 'addLearner') return null;
  const { address = '', locality = '', priority = 0, promote } = objectOf(member) ?? {};
  if (!isText(address) || !isText(locality) || !isIndex(priority)) return null;
  const attributes = { address, locality, priority };
  if (kind === 'addVoter') return { kind, id, member: attributes };
  return { kind, id, member: { ...attributes, promote: promote === true } };
}

function refusedAnswer(found: Fields): ClusterAnswer | null {
  const { code, message, reason, leader, leaderAddress } = found;
  if (!isText(code) || typeof message !== 'string' || !isText(reason)) return null;
  if (!isIndex(leader) || !isText(leaderAddress)) return null;
  return { kind: 'refused', code, message, reason, leader, leaderAddress };
}

function describedAnswer(found: Fields): ClusterAnswer | null {
  const { clusterId, clusterName, nodeId, groups } = found;
  if (typeof clusterId !== 'string' || !/^[0-9a-f]{16}$/.test(clusterId)) return null;
  if (!isId(nodeId) || !Array.isArray(groups)) return null;
  const described = groups.map(groupOf);
  if (described.includes(null)) return null;
  const named = isText(clusterName) ? { clusterName } : {};
  return { kind: 'described', clusterId, ...named, nodeId, groups: described as DescribedGroup[] };
}

function metAnswer({ nodeId, address }: Fields): ClusterAnswer | null {
  return isId(nodeId) && isText(address) ? { kind: 'met', nodeId, address } : null;
}

function groupOf(value: unknown): DescribedGroup | null {
  const { id, index = 0, leader, members } = objectOf(value) ?? {};
  if (!isId(id) || !isIndex(index) || !isIndex(leader)) return null;
  if (!Array.isArray(members) || members.length > maxMembers) return null;
  const described = members.map(memberOf);
  if (described.includes(null)) return null;
  return { id, index, leader, members: described as DescribedMember[] };
}

function metOf(value: unknown): MetMember | null {
  const { id, address } = objectOf(value) ?? {};
  return isId(id) && isText(address) ? { id, address } : null;
}

function memberOf(value: unknown): DescribedMember | null {
  const { id, address, role, incarnation } = objectOf(value) ?? {};
  if (!isId(id) || !isText(address)) return null;
  if (role !== 'voter' && role !== 'learner') return null;
  return isId(incarnation) ? { id, address, role, incarnation } : { id, address, role };
}

/** What a `change` request asks for. */
export function changeOf(steps: readonly MembershipStep[]): MembershipChange {
  return { steps };
}
