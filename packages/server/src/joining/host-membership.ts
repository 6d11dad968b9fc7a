import { formatAddress } from '@quorate/base';
import { type OpenedMember, systemCrypto } from '@quorate/node';
import type { GroupId, NodeId } from '@quorate/schema';
import type { MembershipPort } from '../core/index.ts';
import { addressOf } from './origin.ts';

export interface HostMembershipParts {
  readonly host: OpenedMember['host'];
  readonly group: GroupId;
  readonly timeoutMs: number;
  /** As in the settings: of this node, and of those it founded the cluster with. */
  readonly peerUrls: ReadonlyMap<NodeId, readonly string[]>;
}

/** How the service changes who is a member of the group that its node holds. */
export function hostMembership(parts: HostMembershipParts): MembershipPort {
  const { host, group, timeoutMs } = parts;
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
    peerUrlsOf: (id) => peerUrlsOf(parts, id),
    newId,
  };
}

function peerUrlsOf({ host, group, peerUrls }: HostMembershipParts, id: NodeId): readonly string[] {
  const address = host.addressOf(group, id);
  const given = peerUrls.get(id) ?? [];
  const [first] = given;
  if (address === '') return given;
  if (first !== undefined && formatAddress(addressOf(first)) === address) return given;
  // Peers with and without TLS do not understand each other: all are as this node is.
  const isSecure = peerUrls.get(host.nodeId)?.[0]?.startsWith('https:') === true;
  return [`${isSecure ? 'https' : 'http'}://${address}`];
}

/** Drawn, as nobody's ever was. */
function newId(): NodeId {
  return systemCrypto.randomBytes(6).reduce((value, byte) => value * 256 + byte, 0) + 1;
}
