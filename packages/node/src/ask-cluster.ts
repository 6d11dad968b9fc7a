import type { Address, Logger } from '@quorate/base';
import { type ClusterDescription, describeCluster } from '@quorate/host';
import { checksum } from './computation.ts';
import type { MemberOptions } from './member.ts';
import { createNetwork } from './network/network.ts';
import { createClock } from './time/clock.ts';
import { timers } from './time/timers.ts';

/** How a node is asked, and for how long at most. */
export interface AskOptions {
  /** Left out: TCP. */
  readonly network?: MemberOptions['network'];
  readonly logger: Logger;
  readonly timeoutMs: number;
}

/**
 * Asks a node which cluster it is of, and who is in it, for a node that is of none yet.
 *
 * @param contact where its peers reach it
 * @throws HostError HOST_CLUSTER_UNREACHABLE
 */
export function askCluster(contact: Address, options: AskOptions): Promise<ClusterDescription> {
  const { network = createNetwork, logger, timeoutMs } = options;
  const ports = { network: network(logger), timers, clock: createClock(), checksum };
  return new Promise((fulfil, reject) => {
    describeCluster(ports, [contact], timeoutMs, (error, description) => {
      if (description === null) reject(error);
      else fulfil(description);
    });
  });
}
