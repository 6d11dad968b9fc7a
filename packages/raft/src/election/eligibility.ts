import type { LogIndex, NodeId, Term } from '@quorate/schema';
import type { Replica } from '../replica.ts';

interface Candidacy {
  readonly from: NodeId;
  readonly lastLogIndex: LogIndex;
  readonly lastLogTerm: Term;
}

/**
 * Whether the candidate's log is complete enough for it to lead (dissertation 3.6.1).
 *
 * One that is not who this node's configuration says it is has lost what it acknowledged, so as
 * good a log as this one is not enough: it may just be as empty. A better log it can only have
 * received as a member again, by a configuration that has not reached this node yet (bug 20).
 */
export function mayLead(replica: Replica, candidacy: Candidacy): boolean {
  const { from, lastLogIndex, lastLogTerm } = candidacy;
  const { log, memberships } = replica;
  if (!log.isUpToDate(lastLogIndex, lastLogTerm)) return false;
  const isEqual = lastLogIndex === log.lastIndex && lastLogTerm === log.lastTerm;
  return !isEqual || !memberships.isImpostor(from);
}
