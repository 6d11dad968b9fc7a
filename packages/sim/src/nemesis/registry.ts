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
import { divergingLeaders, lateRepetitions } from './divergence-nemeses.ts';
import {
  handOverCutOff,
  membershipChurn,
  quorumChange,
  transferLeadership,
} from './membership-nemeses.ts';
import { repairDisk, replaceMachine } from './mending-nemeses.ts';
import type { Nemesis } from './nemesis.ts';
import {
  bridge,
  flappingLink,
  isolateLeader,
  leaderFades,
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
  powerLossAfterKill,
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
  powerLossAfterKill,
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
  repairDisk,
  replaceMachine,
  clockRate,
  wallJump,
  transferLeadership,
  handOverCutOff,
  membershipChurn,
  quorumChange,
  partition,
  isolateLeader,
  oldLeaderReturns,
  leaderFades,
  oneWayPartition,
  bridge,
  flappingLink,
  resetConnections,
  slowLinks,
  messageFaults,
  divergingLeaders,
  lateRepetitions,
];
