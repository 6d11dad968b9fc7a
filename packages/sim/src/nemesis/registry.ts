import { clockRate, wallJump } from './clock-nemeses.ts';
import {
  failedRead,
  failedSync,
  flippedBit,
  fullDisk,
  lostSync,
  misdirectedWrite,
  slowDisk,
  stalledDisk,
} from './disk-nemeses.ts';
import { membershipChurn, quorumChange, transferLeadership } from './membership-nemeses.ts';
import type { Nemesis } from './nemesis.ts';
import {
  bridge,
  flappingLink,
  isolateLeader,
  messageFaults,
  oldLeaderReturns,
  oneWayPartition,
  partition,
  resetConnections,
  slowLinks,
} from './network-nemeses.ts';
import {
  allLosePower,
  killProcess,
  leaderLosesPower,
  losePower,
  pause,
  rollingKill,
  rollingRestart,
  suspend,
} from './process-nemeses.ts';

/** Every kind of trouble; each run draws its own mixture. Torn writes come with a power loss. */
export const nemeses: readonly Nemesis[] = [
  killProcess,
  losePower,
  leaderLosesPower,
  allLosePower,
  pause,
  suspend,
  rollingRestart,
  rollingKill,
  failedSync,
  failedRead,
  slowDisk,
  stalledDisk,
  fullDisk,
  lostSync,
  flippedBit,
  misdirectedWrite,
  clockRate,
  wallJump,
  transferLeadership,
  membershipChurn,
  quorumChange,
  partition,
  isolateLeader,
  oldLeaderReturns,
  oneWayPartition,
  bridge,
  flappingLink,
  resetConnections,
  slowLinks,
  messageFaults,
];
