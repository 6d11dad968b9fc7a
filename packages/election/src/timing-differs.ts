import type { NodeId } from '@quorate/schema';
import { ElectionError } from './core/election-error.ts';
import type { ElectionRecord, LeaseTerms } from './core/election-model.ts';
import { type ElectionTiming, leaseTermsOf } from './core/election-timing.ts';

/** A vote of this node would be refused for less long than a leader trusts, or the other way. */
export function timingDiffers(
  id: NodeId,
  timing: ElectionTiming,
  { leader, lease: leaders }: ElectionRecord,
): ElectionError<'ELECTION_TIMING_DIFFERS'> {
  const own = leaseTermsOf(timing);
  const message =
    `node ${leader} leads with ${inWords(leaders)}, and node ${id} was given ${inWords(own)}: ` +
    'this node stops. Give all nodes the same timing; to change it, stop all of them first';
  return new ElectionError('ELECTION_TIMING_DIFFERS', message, { leader, own, leaders });
}

function inWords({ electionTimeoutMs, clockDriftPpm }: LeaseTerms): string {
  return `electionTimeoutMs ${electionTimeoutMs} and maxClockDrift ${clockDriftPpm / 1_000_000}`;
}
