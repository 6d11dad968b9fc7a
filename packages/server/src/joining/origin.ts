import { type Address, formatAddress, present } from '@quorate/base';
import type { NodeId } from '@quorate/schema';
import type { MemberConfig, ServerOptions } from '../server.ts';

/** Who this node is, and whom it talks to from the start. */
export interface Origin {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** Told to nodes that want to join; null when it is not known here. */
  readonly clusterName: string | null;
  /** The log may know others, and later addresses of these. */
  readonly members: ReadonlyMap<NodeId, Address>;
  /** With whom this node founds the cluster, itself included; empty: it is there already. */
  readonly founders: ReadonlyMap<NodeId, readonly string[]>;
  /** Other nodes that may know where the members are. */
  readonly contacts: readonly Address[];
}

export function peerAddress({ name, peerUrls }: MemberConfig): Address {
  return addressOf(present(peerUrls[0], `member ${name} has a peer URL`));
}

export function addressOf(peerUrl: string): Address {
  const url = new URL(peerUrl);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const usual = url.protocol === 'https:' ? 443 : 80;
  return { host, port: Number(url.port === '' ? usual : url.port) };
}

export function ownConfig(options: ServerOptions): MemberConfig {
  const own = options.members.find(({ name }) => name === options.name);
  return present(own, 'the members include this one');
}

/** Where the other members of the settings listen. */
export function othersOf({ members, name }: ServerOptions): readonly Address[] {
  const others = members.filter((one) => one.name !== name).flatMap(({ peerUrls }) => peerUrls);
  return others.map(addressOf);
}

export function describeAddresses(addresses: readonly Address[]): string {
  return addresses.map(formatAddress).join(', ');
}
