import { type Address, silentLogger } from '@quorate/base';
import { apiIdOf } from '@quorate/server/core';
import { EtcdServer } from '../src/etcd-server.ts';
import { FakeMembership } from './core/membership/fake-membership.ts';
import { InProcessNode, nodeId } from './in-process-node.ts';

export const clusterId = 0xfedc_ba98_7654_3210n;

export interface ServedNode extends AsyncDisposable {
  readonly server: EtcdServer;
  readonly node: InProcessNode;
  readonly address: Address;
}

/** The whole server over a group in this process. */
export async function serveNode(): Promise<ServedNode> {
  const node = new InProcessNode();
  const server = new EtcdServer({
    name: 'n1',
    identity: { clusterId, memberId: apiIdOf(nodeId) },
    node,
    machine: node.etcd.machine,
    store: node.etcd.store,
    tuning: { electionTimeoutMs: 1000, maxClockDrift: 0.01 },
    membership: new FakeMembership(node.etcd),
    peerUrls: [
      { member: nodeId, peerUrls: ['http://127.0.0.1:2380'] },
      { member: nodeId + 1, peerUrls: ['http://127.0.0.2:2380'] },
    ],
    advertiseClientUrls: ['http://127.0.0.1:2379'],
    quotaBytes: 0,
    logger: silentLogger,
  });
  await server.listen([{ host: '127.0.0.1', port: 0 }]);
  return {
    server,
    node,
    address: server.clientAddresses[0] as Address,
    [Symbol.asyncDispose]: () => server.close(),
  };
}
