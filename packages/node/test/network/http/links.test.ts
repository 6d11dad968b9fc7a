import { suite, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Network } from '@quorate/base';
import { portableChecksum, silentLogger, silentMetrics } from '@quorate/base';
import { createPeerLinks } from '@quorate/transport';
import { type PeerLinksHarness, peerLinksCases } from '@quorate/transport/conformance';
import { systemCrypto } from '../../../src/computation.ts';
import { createNetwork } from '../../../src/network/network.ts';
import { createClock } from '../../../src/time/clock.ts';
import { timers } from '../../../src/time/timers.ts';
import { deadAddress, quickNetwork } from './rig.ts';

async function room(networkOf: () => Network): Promise<PeerLinksHarness> {
  const addresses = await Promise.all([1, 2, 3].map(() => deadAddress()));
  const peers = new Map(addresses.map((address, at) => [at + 1, address]));
  const addressOf = (node: number) => peers.get(node) ?? { host: '127.0.0.1', port: 1 };
  return {
    pause: (ms) => setTimeout(ms),
    patienceMs: 20_000,
    addressOf: (node) => `127.0.0.1:${addressOf(node).port}`,
    links: (nodeId, incarnation) =>
      createPeerLinks({
        network: networkOf(),
        timers,
        clock: createClock(),
        logger: silentLogger,
        metrics: silentMetrics,
        checksum: portableChecksum,
        crypto: systemCrypto,
        nodeId,
        clusterId: '0123456789abcdef',
        incarnation,
        listen: addressOf(nodeId),
        peers,
        limits: { reconnectMinMs: 10, reconnectMaxMs: 100 },
      }),
  };
}

const networks = {
  TCP: () => createNetwork(silentLogger),
  'tunnels through HTTP': () => quickNetwork(),
};

for (const [name, networkOf] of Object.entries(networks)) {
  suite(`peer links over ${name} keep their contract`, () => {
    for (const { name: title, run } of peerLinksCases(() => room(networkOf))) test(title, run);
  });
}
