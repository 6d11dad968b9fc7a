import type { Address, Ports } from '@quorate/base';
import { Enquirer } from '@quorate/transport';
import { ClusterAsker } from './enquiries/cluster-asker.ts';
import type { ClusterDescription } from './enquiries/messages.ts';

/** An answer is a list of the members of each group, and there may be thousands of groups. */
const maxFrameBytes = 4 * 1024 * 1024;
const answerTimeoutMs = 3000;

/**
 * Asks which cluster is there, for a node that is of none yet.
 *
 * @param contacts asked in turn until one of them answers; at least one
 * @param done gets the answer, or HostError HOST_CLUSTER_UNREACHABLE
 */
export function describeCluster(
  ports: Pick<Ports, 'network' | 'timers' | 'clock' | 'checksum'>,
  contacts: readonly Address[],
  timeoutMs: number,
  done: (error: Error | null, description: ClusterDescription | null) => void,
): void {
  const enquirer = new Enquirer({ ...ports, clusterId: null, nodeId: 0, maxFrameBytes });
  const asker = new ClusterAsker({ ...ports, enquirer, answerTimeoutMs, nameOf: () => null });
  asker.ask({ kind: 'describe' }, contacts, timeoutMs, (error, answer) => {
    enquirer.close();
    done(error, answer?.kind === 'described' ? answer : null);
  });
}
