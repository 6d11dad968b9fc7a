import { type OpenedMember, systemCrypto } from '@quorate/node';
import type { GroupId, NodeId } from '@quorate/schema';
import type { MembershipPort } from '../core/index.ts';

/** How the service changes who is a member of the group that its node holds. */
export function hostMembership(
  host: OpenedMember['host'],
  group: GroupId,
  timeoutMs: number,
): MembershipPort {
  return {
    change(steps, conditions, done) {
      host.changeMembers(group, steps, timeoutMs, (error) => done(error), conditions);
    },
    describe(members, done) {
      const steps = members.map(({ id, address }) => ({ kind: 'describe', id, address }) as const);
      host.group(group).changeMembership({ steps }, () => done());
    },
    progressOf: (id) => host.group(group).progressOf(id),
    isConnected: (id) => host.isConnected(id),
    addressOf: (id) => host.addressOf(group, id),
    newId,
  };
}

/** Drawn, as nobody's ever was. */
function newId(): NodeId {
  return systemCrypto.randomBytes(6).reduce((value, byte) => value * 256 + byte, 0) + 1;
}
