import { BlockList, isIPv6 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { type Address, formatAddress } from '@quorate/base';
import { refuse } from '../refuse-option.ts';
import type { RaftifyConfig } from './raftify-config.ts';

/** Of this machine, as `networkInterfaces` of `node:os` gives them. */
type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/**
 * Where the others reach this node. It listens on `bind_addr`, which is no address that anybody
 * could connect to when it stands for all of them; then it is that entry of `peer_list` that is
 * this machine's, or the machine's only address.
 *
 * @throws ElectionError ELECTION_OPTIONS_INVALID when it cannot be told
 */
export function ownAddress(
  { bind, peers, expect }: Pick<RaftifyConfig, 'bind' | 'peers' | 'expect'>,
  interfaces: Interfaces,
): Address {
  if (bind.host !== '0.0.0.0' && bind.host !== '::') return bind;
  const { port } = bind;
  const all = Object.values(interfaces).flatMap((infos) => infos ?? []);
  const own = new BlockList();
  for (const { address, family } of all)
    own.addAddress(address, family === 'IPv6' ? 'ipv6' : 'ipv4');
  const listed = peers.filter((peer) => {
    return peer.port === port && own.check(peer.host, isIPv6(peer.host) ? 'ipv6' : 'ipv4');
  });
  const [first] = listed;
  if (first !== undefined && listed.length === 1) return first;
  const outward = all.filter(({ internal, family }) => !internal && family === 'IPv4');
  const [only] = outward;
  if (listed.length === 0 && only !== undefined && outward.length === 1) {
    return { host: only.address, port };
  }
  if (expect === 1 && peers.length === 0) return { host: '127.0.0.1', port };
  const found =
    listed.length > 1
      ? `and this machine has ${listed.map(formatAddress).join(' and ')} of peer_list`
      : `and none of peer_list is of this machine with port ${port}`;
  const fix = 'give the address that peer_list has for this node, or option address of initNode';
  return refuse('bind_addr', `is ${bind.host}, ${found}`, fix);
}
