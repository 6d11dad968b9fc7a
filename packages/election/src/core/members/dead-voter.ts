import type { NodeId } from '@quorate/schema';

/** When dead voters are removed, and when not. */
export interface RemovalRule {
  /** A voter that the leader has not heard for so long may be removed. */
  readonly afterMs: number;
  /** With so many voters none is removed. At least 2. */
  readonly floor: number;
}

/** The smallest set of voters that dead ones may be taken from is one larger. */
export const leastFloor = 2;
export const defaultFloor = 3;

/** The wait for a dead voter is at least so many election timeouts. */
export const leastTimeoutsDead = 10;

/** Of all voters of a configuration, as their leader has heard of them. */
export interface VotersHeard {
  readonly voters: readonly NodeId[];
  /** For how long the leader has heard nothing of a voter; 0 of itself. */
  readonly silentMs: (voter: NodeId) => number;
  /** For how long neither the leader has heard it nor, as far as it knows, others have. */
  readonly absentMs: (voter: NodeId) => number;
  readonly electionTimeoutMs: number;
}

/**
 * Which voter is to be removed next, as far as one leader can know; null: none.
 *
 * Removing a dead voter makes a group bear more losses only where the quorum becomes smaller by it:
 * five voters with one dead bear one loss more, and so do four. So it has to, by the voters that
 * are dead now, within the floor (rule 8). And never where the majority of those that remain has
 * not answered within an election timeout: they could not commit what follows.
 */
export function voterToRemove(heard: VotersHeard, rule: RemovalRule): NodeId | null {
  const { voters, silentMs, absentMs } = heard;
  const dead = voters
    .filter((id) => absentMs(id) >= rule.afterMs)
    .sort((a, b) => absentMs(b) - absentMs(a) || a - b);
  const [next] = dead;
  if (next === undefined || !isWorthwhile(voters.length, dead.length, rule.floor)) return null;
  const remaining = voters.filter((id) => id !== next);
  const answering = remaining.filter((id) => silentMs(id) < heard.electionTimeoutMs);
  return answering.length >= majorityOf(remaining.length) ? next : null;
}

/** Whether removing some of the dead makes the quorum smaller, and leaves as many as the floor. */
function isWorthwhile(voters: number, dead: number, floor: number): boolean {
  const most = Math.min(dead, voters - floor);
  for (let removed = 1; removed <= most; removed++) {
    if (majorityOf(voters - removed) < majorityOf(voters)) return true;
  }
  // Three to two gains nothing but that one of the two may leave by itself: whoever set the floor
  // so low has asked for it.
  return floor === leastFloor && voters === leastFloor + 1 && dead > 0;
}

export function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}
