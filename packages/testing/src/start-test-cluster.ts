import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from '@quorate/base';
import type { HostTuning } from '@quorate/host';
import { PeerNetwork } from './peer-network.ts';
import { RunningCluster } from './running-cluster.ts';
import type { TestCluster, TestClusterOptions } from './test-cluster.ts';
import { ClusterNode, type NodeSurroundings, peerPort } from './test-node.ts';

const mostNodes = 9;

/**
 * What a test cluster is tuned to: a leader is there within about half a second, and is missed
 * after as long. A test that blocks the event loop for longer makes the nodes lose their leader.
 */
export const fastTuning: Partial<HostTuning> = {
  heartbeatIntervalMs: 40,
  electionTimeoutMs: 250,
  segmentBytes: 1024 * 1024,
};

/** A disk may take longer than all else together. */
const diskTuning: Partial<HostTuning> = {
  ...fastTuning,
  heartbeatIntervalMs: 60,
  electionTimeoutMs: 500,
};

/**
 * Starts a cluster in this process. When the promise is fulfilled every node serves.
 *
 * `await using cluster = await startTestCluster({ nodes: 3 })` stops it at the end of the block.
 */
export async function startTestCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const { nodes: count = 1, storage = 'memory', tuning = {}, auth, quotaBytes } = options;
  assert(Number.isInteger(count) && count >= 1 && count <= mostNodes, 'a cluster has 1 to 9 nodes');
  assert(storage === 'memory' || storage === 'disk', "storage is 'memory' or 'disk'");
  const directory = storage === 'disk' ? await mkdtemp(join(tmpdir(), 'quorate-test-')) : null;
  const network = new PeerNetwork();
  const names = Array.from({ length: count }, (_, index) => `node${index}`);
  const surroundings: NodeSurroundings = {
    members: names.map((name) => ({ name, peerUrls: [`http://${name}:${peerPort}`] })),
    clusterToken: randomBytes(8).toString('hex'),
    network,
    directory,
    tuning: { ...(directory === null ? fastTuning : diskTuning), ...tuning },
    log: options.log ?? { level: 'silent', format: 'logfmt' },
    auth: auth ?? null,
    quotaBytes: quotaBytes ?? null,
    leaderChanged: () => cluster.leaderChanged(),
  };
  const nodes = names.map((_, index) => new ClusterNode(index, surroundings));
  const removed = async (): Promise<void> => {
    if (directory !== null) await rm(directory, { recursive: true, force: true });
  };
  const cluster: RunningCluster = new RunningCluster(nodes, network, removed);
  try {
    await Promise.all(nodes.map((node) => node.start()));
    await cluster.ready();
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}
