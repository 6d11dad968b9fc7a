import type { Nemesis } from './nemesis.ts';
import {
  isolateLeader,
  messageFaults,
  oneWayPartition,
  partition,
  resetConnections,
  slowLinks,
} from './network-nemeses.ts';
import {
  allLosePower,
  failedSync,
  killProcess,
  leaderLosesPower,
  losePower,
  pause,
  slowDisk,
} from './process-nemeses.ts';

/** Every kind of trouble; each run draws its own mixture. */
export const nemeses: readonly Nemesis[] = [
  killProcess,
  losePower,
  leaderLosesPower,
  allLosePower,
  pause,
  failedSync,
  slowDisk,
  partition,
  isolateLeader,
  oneWayPartition,
  resetConnections,
  slowLinks,
  messageFaults,
];
