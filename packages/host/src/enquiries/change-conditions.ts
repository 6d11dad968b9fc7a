import type { GroupHandle } from '@quorate/runtime';
import type { ClusterAnswer, ClusterRequest } from './messages.ts';

/** Of the leader's log; the rest arrives while the node is made a voter. */
const caughtUpShare = 0.9;

/** @returns why the change may not be proposed here and now; null where another node judges it */
export function unmetCondition(
  { steps, conditions = {} }: Extract<ClusterRequest, { kind: 'change' }>,
  group: GroupHandle<unknown>,
): ClusterAnswer | null {
  const { role, node, lastIndex, configuration } = group.status();
  if (role !== 'leader') return null;
  const { mostLearners, caughtUp, majorityHeard = false } = conditions;
  if (majorityHeard) {
    const removed = new Set(steps.filter(({ kind }) => kind === 'remove').map(({ id }) => id));
    const voters = configuration.voters.filter((id) => !removed.has(id));
    const heard = voters.filter((id) => id === node || group.heardMs(id) !== null);
    if (2 * heard.length <= voters.length) {
      const [all, some] = [voters.length, heard.length];
      const message = `of ${all} voters that would remain ${some} answer: bring others back first`;
      return refusal('VOTERS_SILENT', message);
    }
  }
  if (mostLearners !== undefined) {
    const waiting = new Set(configuration.members.filter((one) => one.promote).map(({ id }) => id));
    const staying = configuration.learners.filter((id) => !waiting.has(id));
    const added = steps.filter(({ kind }) => kind === 'addLearner').map(({ id }) => id);
    const count = new Set([...staying, ...added]).size;
    if (count > mostLearners) {
      return refusal('TOO_MANY_LEARNERS', `there would be ${count} learners; have one promoted`);
    }
  }
  if (caughtUp !== undefined) {
    const held = group.progressOf(caughtUp) ?? 0;
    if (held < caughtUpShare * lastIndex) {
      return refusal('LEARNER_BEHIND', `node ${caughtUp} has ${held} of ${lastIndex} entries`);
    }
  }
  return null;
}

function refusal(code: string, message: string): ClusterAnswer {
  return { kind: 'refused', code, message, reason: '', leader: 0, leaderAddress: '' };
}
