import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Address, Network } from '@quorate/base';
import { silentLogger } from '@quorate/base';
import type { NetworkHarness } from '@quorate/transport/conformance';
import {
  createHttpNetwork,
  type HttpNetworkOptions,
} from '../../../src/network/http/http-network.ts';

/** Patience of machines that do not sleep. */
export const quickLimits = {
  holdMs: 300,
  answerTimeoutMs: 300,
  connectTimeoutMs: 2_000,
  retryForMs: 1_500,
  silenceMs: 2_000,
} as const;

export function quickNetwork(options: Partial<HttpNetworkOptions> = {}) {
  const limits = { ...quickLimits, ...options.limits };
  return createHttpNetwork({ logger: silentLogger, ...options, limits });
}

/** Where nobody listens: a port that was free a moment ago. */
export async function deadAddress(): Promise<Address> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return { host: '127.0.0.1', port };
}

export function loopbackHarness(network: Network): NetworkHarness {
  return {
    listening: network,
    connecting: network,
    address: () => ({ host: '127.0.0.1', port: 0 }),
    deadAddress,
    pause: (ms) => setTimeout(ms),
  };
}
