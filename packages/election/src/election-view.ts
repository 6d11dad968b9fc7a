import type { Host } from '@quorate/host';
import type { GroupId, NodeId } from '@quorate/schema';
import type { ElectionHealth, ElectionMember } from './election.ts';

type ViewedHost = Pick<Host, 'nodeId' | 'writable' | 'group' | 'isConnected' | 'addressOf'>;

/**
 * @param leader of the election; 0: nobody
 * @param ledForMs for how long this node has led the group; null: it does not
 * @param nowMs by the clock that the replica goes by
 */
export function membersOf(
  host: ViewedHost,
  group: GroupId,
  leader: NodeId,
  ledForMs: number | null,
  nowMs: number,
): readonly ElectionMember[] {
  const handle = host.group(group);
  const { configuration } = handle.status();
  const silentMs = (id: NodeId): number | null => {
    if (id === host.nodeId || ledForMs === null) return ledForMs === null ? null : 0;
    const heardMs = handle.heardMs(id);
    return heardMs === null ? ledForMs : Math.max(0, nowMs - heardMs);
  };
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
      silentMs: silentMs(id),
    };
  });
}

/** @param own what the election itself knows */
export function healthOf(
  host: ViewedHost,
  group: GroupId,
  own: Pick<ElectionHealth, 'leader' | 'isLeader' | 'isCandidate' | 'membership'>,
): ElectionHealth {
  const { term, leader, role, configuration } = host.group(group).status();
  const { voters, quorum } = configuration;
  const isWritable = host.writable;
  return {
    isHealthy: isWritable && leader !== 0 && own.membership === 'member',
    ...own,
    role,
    term,
    voters: voters.length,
    reachableVoters: voters.filter((id) => isReachable(host, id)).length,
    failureTolerance: Math.floor(Math.max(0, voters.length - 1) / 2),
    quorum: quorum?.election ?? Math.floor(voters.length / 2) + 1,
    isWritable,
  };
}

function isReachable(host: ViewedHost, id: NodeId): boolean {
  return id === host.nodeId || host.isConnected(id);
}
