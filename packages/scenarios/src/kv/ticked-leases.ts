import { type KvStateMachine, LeaseTicker } from '@quorate/kv';
import type { SimulatedCluster } from '@quorate/sim';
import { proposeOnce } from './write-path.ts';

const lookMs = 20;

export interface TickedLeasesOptions {
  readonly cluster: SimulatedCluster;
  readonly group: number;
  readonly node: number;
  readonly isEnveloped: boolean;
  readonly store: KvStateMachine;
  /** Whether the store is still the one that the node serves from. */
  readonly isCurrent: () => boolean;
}

/** Makes lease time pass for one life of one node, as its server would. */
export function tickLeases(options: TickedLeasesOptions): void {
  const { cluster, group, isEnveloped, store, isCurrent } = options;
  const node = cluster.node(options.node);
  const { clock, timers } = node.world;
  const ticker = new LeaseTicker({
    store,
    clock,
    timers,
    maxClockDrift: cluster.options.clockDrift,
    propose: (command, done) => {
      const handle = isCurrent() ? node.host?.group<unknown>(group) : undefined;
      if (handle === undefined) timers.defer(() => done(false));
      else proposeOnce(handle, command, isEnveloped, ({ kind }) => done(kind === 'done'));
    },
  });
  const look = (): void => {
    // The node was closed in an orderly way, and perhaps opened again.
    if (!isCurrent()) return ticker.stop();
    ticker.leadershipChanged(node.host?.group(group).status().role === 'leader');
    timers.after(lookMs, look);
    return undefined;
  };
  timers.after(lookMs, look);
}
