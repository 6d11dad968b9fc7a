import { Prng, portableChecksum, silentLogger, silentMetrics } from '@quorate/base';
import { Scheduler, VirtualNetwork } from '@quorate/sim';
import { createPeerLinks } from '@quorate/transport';
import type { NetworkHarness, PeerLinksHarness } from '@quorate/transport/conformance';

/** Virtual time, and a network in it. */
class VirtualRoom {
  readonly scheduler = new Scheduler();
  readonly network = new VirtualNetwork({
    schedule: (delayMs, callback) => void this.scheduler.schedule(delayMs, callback),
    prng: new Prng(5),
  });

  readonly pause = async (milliseconds: number): Promise<void> => {
    const untilMs = this.scheduler.nowMs + milliseconds;
    while (this.scheduler.step(untilMs));
  };
}

export function virtualNetworkRoom(): NetworkHarness {
  const { network, pause } = new VirtualRoom();
  let port = 7000;
  return {
    listening: network.port(1),
    connecting: network.port(2),
    address: () => ({ host: 'node-1', port: port++ }),
    deadAddress: async () => ({ host: 'node-1', port: 9 }),
    pause,
  };
}

/** Our own links over the virtual network. */
export function virtualLinksRoom(): PeerLinksHarness {
  const { network, scheduler, pause } = new VirtualRoom();
  const addressOf = (id: number) => ({ host: `node-${id}`, port: 7000 });
  return {
    pause,
    addressOf: (id) => `node-${id}:7000`,
    links: (nodeId, incarnation) =>
      createPeerLinks({
        network: network.port(nodeId),
        timers: {
          after: (delayMs, callback) => scheduler.schedule(delayMs, callback),
          defer: (callback) => void scheduler.schedule(0, callback),
        },
        clock: { monotonicMs: () => scheduler.nowMs, wallMicros: () => 0 },
        logger: silentLogger,
        metrics: silentMetrics,
        checksum: portableChecksum,
        crypto: {
          randomBytes: (count) => new Uint8Array(count).fill(nodeId),
          sha256: () => ({ update: () => undefined, digest: () => new Uint8Array(32) }),
        },
        nodeId,
        clusterId: '0123456789abcdef',
        incarnation,
        listen: addressOf(nodeId),
        peers: new Map([1, 2, 3].map((id) => [id, addressOf(id)])),
      }),
  };
}
