import type { Logger, Network } from '@quorate/base';
import { createTcpNetwork, openPskNetwork, openTlsNetwork } from '@quorate/node';
import type { RaftifyOptions, RaftifySettings } from './raftify-settings.ts';

/** How this node speaks with the others. */
export interface Links {
  readonly network: Network;
  readonly close: () => void;
}

/** @throws NodeError NODE_TLS_INVALID */
export async function openLinks(
  { tls, network }: Pick<RaftifyOptions, 'tls' | 'network'>,
  { config, plan }: RaftifySettings,
  logger: Logger,
): Promise<Links> {
  const close = (): void => undefined;
  if (network !== undefined) return { network: network(logger), close };
  if (tls !== undefined) {
    const secure = await openTlsNetwork({ ...tls, logger });
    return { network: secure, close: () => secure.close() };
  }
  if (config.key !== null) return { network: openPskNetwork({ key: config.key, logger }), close };
  if (!plan.all.every(isLoopback)) {
    logger.warn('peers are neither authenticated nor encrypted', {
      advice: 'give encrypt or option tls, or see that nobody else reaches the port',
    });
  }
  return { network: createTcpNetwork(logger), close };
}

function isLoopback(address: string): boolean {
  return /^(127\.|localhost:|\[::1\]:)/.test(address);
}
