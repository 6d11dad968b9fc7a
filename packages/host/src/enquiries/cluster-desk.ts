import type { MembershipChange, MembershipStep } from '@quorate/raft';
import type { GroupHandle, GroupStatus, RuntimeError } from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';
import type { EnquiryHandler } from '@quorate/transport';
import { unmetCondition } from './change-conditions.ts';
import {
  type ClusterAnswer,
  type ClusterDescription,
  type ClusterRequest,
  changeOf,
  type DescribedGroup,
  encodeAnswer,
  type JoiningNode,
  parseRequest,
} from './messages.ts';
import { judgeAddition } from './new-members.ts';

export interface DeskOptions {
  readonly clusterId: string;
  readonly clusterName: string | null;
  readonly nodeId: NodeId;
  readonly groups: readonly GroupId[];
  readonly group: (id: GroupId) => GroupHandle<unknown>;
  /** 'host:port'; empty when not known. */
  readonly addressOf: (id: NodeId, group: GroupId) => string;
  /** Whether who asks to join is let in. */
  readonly admitsNodes: boolean;
  /** Where peers reach this node: 'host:port'. */
  readonly own: () => string;
  /** From now on the node is one to talk to, and may talk to this one. */
  readonly meet: (id: NodeId, address: string) => void;
  readonly release: (group: GroupId, done: () => void) => void;
  /** Whether the node answers; null: this one does not know where it is. */
  readonly probe: (node: NodeId, group: GroupId, done: (answers: boolean | null) => void) => void;
}

type Reply = (answer: ClusterAnswer) => void;

/** Answers what other nodes ask of the cluster, for the groups of this process. */
export class ClusterDesk {
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  readonly handle: EnquiryHandler = (bytes, answer) => {
    const reply: Reply = (told) => answer(encodeAnswer(told));
    const request = parseRequest(bytes);
    if (request === null) {
      reply(refusal('REQUEST_UNKNOWN', 'this node does not understand the request'));
    } else if (request.kind === 'describe') {
      reply({ kind: 'described', ...this.describe(request.group ?? null) });
    } else if (this.#options.groups.includes(request.group)) {
      this.#serve(request, this.#options.group(request.group), reply);
    } else {
      reply(refusal('GROUP_UNKNOWN', `this node has no group ${request.group}`));
    }
  };

  /** @param group null: all. One that is not here is left out. */
  describe(group: GroupId | null): ClusterDescription {
    const { clusterId, clusterName, nodeId, groups } = this.#options;
    const named = clusterName === null ? {} : { clusterName };
    const asked = groups.filter((id) => group === null || id === group);
    return { clusterId, ...named, nodeId, groups: asked.map((id) => this.#describe(id)) };
  }

  #serve(
    request: Exclude<ClusterRequest, { kind: 'describe' }>,
    group: GroupHandle<unknown>,
    reply: Reply,
  ): void {
    if (request.kind === 'release') {
      this.#options.release(request.group, () => reply({ kind: 'released' }));
      return;
    }
    if (request.kind === 'probe') {
      const { node, group: id } = request;
      this.#options.probe(node, id, (answers) => {
        if (answers === null) reply(refusal('NODE_UNKNOWN', `this node knows no node ${node}`));
        else reply({ kind: 'probed', answers });
      });
      return;
    }
    if (request.kind === 'meet') {
      const { meet, nodeId, own } = this.#options;
      for (const { id, address } of request.members) if (address !== '') meet(id, address);
      reply({ kind: 'met', nodeId, address: own() });
      return;
    }
    if (request.kind === 'transfer') {
      const { role, node } = group.status();
      if (role === 'leader' && request.to === node) {
        // Asked again, after the answer was lost.
        reply({ kind: 'transferred' });
        return;
      }
      group.transferLeadership(request.to === 0 ? null : request.to, (error) =>
        reply(error === null ? { kind: 'transferred' } : this.#failure(error, group)),
      );
      return;
    }
    const change =
      request.kind === 'change'
        ? (unmetCondition(request, group) ?? this.#change(request.steps, group.status()))
        : this.#admission(request.node, group.status());
    if ('kind' in change) {
      reply(change);
      return;
    }
    group.changeMembership(change, (error, index) =>
      reply(error === null ? { kind: 'changed', index: index ?? 0 } : this.#failure(error, group)),
    );
  }

  /**
   * A node that is taken in is a new one: who is a member already is neither made a learner nor
   * moved elsewhere by it. What is so already may be asked for again, after an answer was lost.
   */
  #change(
    steps: readonly MembershipStep[],
    { configuration, role, group }: GroupStatus,
  ): MembershipChange | ClusterAnswer {
    // Whoever leads judges it, by a configuration that nobody's is ahead of.
    if (role !== 'leader') return changeOf(steps);
    const addressOf = (id: NodeId): string => this.#options.addressOf(id, group);
    const taken: MembershipStep[] = [];
    for (const step of steps) {
      const judged = judgeAddition(step, configuration, addressOf);
      if ('refused' in judged) return refusal(judged.refused, judged.message);
      taken.push(judged.step);
    }
    return changeOf(taken);
  }

  /**
   * Who joins has to reach everyone, and everyone it: the addresses of all members go into the
   * configuration with it. Asking again, after an answer was lost, changes nothing.
   */
  #admission(node: JoiningNode, status: GroupStatus): MembershipChange | ClusterAnswer {
    if (!this.#options.admitsNodes) {
      return refusal(
        'JOINING_REFUSED',
        'this cluster lets nobody join by asking: have the node added by a member',
      );
    }
    const { configuration } = status;
    const { voters, votersOutgoing, learners, learnersNext, members } = configuration;
    const known = members.find(({ id }) => id === node.id);
    const isKnown = [...voters, ...votersOutgoing, ...learners, ...learnersNext].includes(node.id);
    const { id, incarnation, address, locality, promote } = node;
    if (isKnown && known !== undefined && ![0, incarnation].includes(known.incarnation)) {
      return refusal(
        'NODE_ID_TAKEN',
        `node ${id} is a member already, with other data than this node has: give this node an ` +
          'id of its own, or remove the old one first',
      );
    }
    const describing: MembershipStep[] = [];
    for (const member of new Set([...voters, ...votersOutgoing, ...learners])) {
      const its = this.#options.addressOf(member, status.group);
      const has = members.find((one) => one.id === member)?.address ?? '';
      if (member !== id && has === '' && its !== '') {
        describing.push({ kind: 'describe', id: member, address: its });
      }
    }
    if (isKnown) {
      return { steps: [...describing, { kind: 'describe', id, address, incarnation }] };
    }
    const member = { address, incarnation, locality, promote };
    return { steps: [...describing, { kind: 'addLearner', id, member }] };
  }

  #describe(id: GroupId): DescribedGroup {
    const { configuration, configurationIndex, leader } = this.#options.group(id).status();
    const { voters, votersOutgoing, learners, learnersNext, members } = configuration;
    const incarnations = new Map(members.map((one) => [one.id, one.incarnation] as const));
    const deciding = new Set([...voters, ...votersOutgoing]);
    const all = new Set([...deciding, ...learners, ...learnersNext]);
    return {
      id,
      index: configurationIndex,
      leader,
      members: [...all].map((node) => ({
        id: node,
        address: this.#options.addressOf(node, id),
        role: deciding.has(node) ? 'voter' : 'learner',
        ...recorded(incarnations.get(node)),
      })),
    };
  }

  #failure(error: RuntimeError, group: GroupHandle<unknown>): ClusterAnswer {
    const { code, message, metadata } = error;
    const { leader } = group.status();
    const reason = 'reason' in metadata ? String(metadata.reason) : '';
    return {
      kind: 'refused',
      code,
      message,
      reason,
      leader,
      leaderAddress:
        leader === this.#options.nodeId
          ? ''
          : this.#options.addressOf(leader, group.status().group),
    };
  }
}

function recorded(incarnation = 0): { readonly incarnation?: number } {
  return incarnation === 0 ? {} : { incarnation };
}

function refusal(code: string, message: string): ClusterAnswer {
  return { kind: 'refused', code, message, reason: '', leader: 0, leaderAddress: '' };
}
