import type { Configuration, etcd, Init, NodeId } from '@quorate/schema';
import { apiIdOf } from '../member-id.ts';
import type { ServiceOptions } from '../service-context.ts';

/** One member as clients are told of it. */
export interface MemberView {
  readonly id: NodeId;
  /** Empty: it has never started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  /**
   * Whether it is to stay a learner. One that was added to vote is a learner to Raft until it has
   * caught up, and to clients none.
   */
  readonly isLearner: boolean;
}

/** Who is a member by the configuration in force here, in the order of their ids. */
export function membersIn(
  options: Pick<ServiceOptions, 'group' | 'machine' | 'membership'>,
): readonly MemberView[] {
  const { configuration } = options.group.status();
  const { voters, votersOutgoing, learners, learnersNext } = configuration;
  const ids = new Set([...voters, ...votersOutgoing, ...learners, ...learnersNext]);
  return [...ids]
    .sort((a, b) => a - b)
    .map((id) => {
      const { name = '', clientUrls = [], peerUrls = [] } = options.machine.members.of(id) ?? {};
      const known = peerUrls.length > 0 ? peerUrls : options.membership.peerUrlsOf(id);
      const isLearner = isLasting(configuration, id);
      return { id, name, peerUrls: known, clientUrls, isLearner };
    });
}

/** Whether the node is a learner, and not only on its way to a vote. */
export function isLasting({ learners, members }: Configuration, id: NodeId): boolean {
  return learners.includes(id) && members.find((one) => one.id === id)?.promote !== true;
}

export function wireMember(member: MemberView): Init<etcd.Member> {
  const { id, name, peerUrls, clientUrls, isLearner } = member;
  return { ID: apiIdOf(id), name, peerURLs: [...peerUrls], clientURLs: [...clientUrls], isLearner };
}
