import { crashBetweenClaimAndSign, twoBelievers } from './claims.ts';
import {
  brieflyPausedLeader,
  leaderKilled,
  oneOfThreeDead,
  pausedLeader,
  restartOfAMajority,
} from './deaths.ts';
import {
  disjointQuorumAfterAShrink,
  oneBadLinkEvictsNobody,
  removedNodeAloneLeadsNothing,
  shrinkAndLoseOneMore,
} from './members.ts';
import {
  heartbeatOfAnOlderTerm,
  lateAnswers,
  lateHandOver,
  leaderHearsOfANewerTerm,
  roundTripsAboveATick,
} from './messages.ts';
import { followerDeaf, followerUnheard, leaderDeaf, leaderUnheard } from './one-way.ts';
import {
  flipFlop,
  leaderOnTheLargeSide,
  leaderOnTheSmallSide,
  partitionHeals,
} from './partitions.ts';
import type { Picture } from './picture.ts';
import {
  crashBeforeTheVoteIsDurable,
  twoCandidatesInOneTerm,
  voteAskedAgainAfterARestart,
} from './votes.ts';

/** What goes wrong in elections elsewhere, one situation each. */
export const pictures: readonly Picture[] = [
  voteAskedAgainAfterARestart,
  crashBeforeTheVoteIsDurable,
  twoCandidatesInOneTerm,
  leaderOnTheSmallSide,
  leaderOnTheLargeSide,
  partitionHeals,
  flipFlop,
  followerUnheard,
  followerDeaf,
  leaderUnheard,
  leaderDeaf,
  leaderKilled,
  oneOfThreeDead,
  restartOfAMajority,
  pausedLeader,
  brieflyPausedLeader,
  heartbeatOfAnOlderTerm,
  leaderHearsOfANewerTerm,
  lateHandOver,
  lateAnswers,
  roundTripsAboveATick,
  disjointQuorumAfterAShrink,
  shrinkAndLoseOneMore,
  removedNodeAloneLeadsNothing,
  oneBadLinkEvictsNobody,
  crashBetweenClaimAndSign,
  twoBelievers,
];
