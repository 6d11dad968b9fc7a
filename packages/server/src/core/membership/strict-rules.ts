import type { NodeId } from '@quorate/schema';
import { type RpcError, rpcErrors } from '../rpc-error.ts';
import type { MemberView } from './member-view.ts';

/** Who answers, this node included. */
type IsConnected = (id: NodeId) => boolean;

/*
 * What keeps an operator from changing a cluster that could not bear it. These are for the reader's
 * sake, early and in words clients know; that a change can be committed Raft's own check sees to.
 */

/** @returns why nobody may be added now */
export function additionRefusal(
  members: readonly MemberView[],
  isLearner: boolean,
  isConnected: IsConnected,
): RpcError | null {
  const voting = members.filter((one) => !one.isLearner);
  const isReady = isLearner || mayGrow(voting);
  if (!isReady) return rpcErrors.notEnoughStartedMembers;
  return voting.every(({ id }) => isConnected(id)) ? null : rpcErrors.unhealthyCluster;
}

/** @returns why this one may not be removed now */
export function removalRefusal(
  members: readonly MemberView[],
  removed: MemberView,
  isConnected: IsConnected,
): RpcError | null {
  if (removed.isLearner) return null;
  const voting = members.filter((one) => !one.isLearner);
  const staying = voting.filter(({ id }) => id !== removed.id);
  const isReady = staying.length > 0 && startedOf(staying) >= majorityOf(staying.length);
  if (!isReady) return rpcErrors.notEnoughStartedMembers;
  // One that is down was of no use to the quorum.
  if (!isConnected(removed.id)) return null;
  const active = staying.filter(({ id }) => isConnected(id)).length;
  return active < majorityOf(staying.length) ? rpcErrors.unhealthyCluster : null;
}

/** @returns why no learner may be given a vote now */
export function promotionRefusal(members: readonly MemberView[]): RpcError | null {
  const voting = members.filter((one) => !one.isLearner);
  const isReady = startedOf(voting) + 1 >= majorityOf(voting.length + 1);
  return isReady ? null : rpcErrors.notEnoughStartedMembers;
}

function mayGrow(voting: readonly MemberView[]): boolean {
  const started = startedOf(voting);
  // The first step away from a cluster of one.
  if (started === 1 && voting.length === 1) return true;
  return started >= majorityOf(voting.length + 1);
}

function startedOf(members: readonly MemberView[]): number {
  return members.filter(({ name }) => name !== '').length;
}

function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}
