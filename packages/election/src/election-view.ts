import type { Host } from '@quorate/host';
import type { GroupId, NodeId } from '@quorate/schema';
import type { ElectionHealth, ElectionMember } from './election.ts';

type ViewedHost = Pick<Host, 'nodeId' | 'writable' | 'group' | 'isConnected' | 'addressOf'>;

/** @param leader of the election; 0: nobody */
export function membersOf(
  host: ViewedHost,
  group: GroupId,
  leader: NodeId,
): readonly ElectionMember[] {
  const { configuration } = host.group(group).status();
  const { voters, votersOutgoing, learners, learnersNext, members } = configuration;
  const deciding = new Set([...voters, ...votersOutgoing]);
  const all = [...new Set([...deciding, ...learners, ...learnersNext])].sort((a, b) => a - b);
  return all.map((id) => {
    const isWitness = members.some((member) => member.id === id && member.witness);
    const role = deciding.has(id) ? 'voter' : 'learner';
    return {
      id,
      address: host.addressOf(group, id),
      role: isWitness ? 'witness' : role,
      isLeader: id === leader,
      isReachable: isReachable(host, id),
    };
  });
}

/** @param own what the election itself knows */
export function healthOf(
  host: ViewedHost,
  group: GroupId,
  own: Pick<ElectionHealth, 'leader' | 'isLeader' | 'isCandidate'>,
): ElectionHealth {
  const { term, leader, configuration } = host.group(group).status();
  const { voters, quorum } = configuration;
  const isWritable = host.writable;
  return {
    isHealthy: isWritable && leader !== 0,
    ...own,
    term,
    voters: voters.length,
    reachableVoters: voters.filter((id) => isReachable(host, id)).length,
    quorum: quorum?.election ?? Math.floor(voters.length / 2) + 1,
    isWritable,
  };
}

function isReachable(host: ViewedHost, id: NodeId): boolean {
  return id === host.nodeId || host.isConnected(id);
}
