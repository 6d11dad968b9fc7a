import { equalBytes } from '@quorate/base';
import type { Configuration, NodeId } from '@quorate/schema';
import { encodeConfiguration, maxConfigurationIds } from '@quorate/schema';
import { checkConfiguration, quorumsProblem } from './check-configuration.ts';
import { ConfigurationDraft, formerWitness } from './configuration-draft.ts';
import { membersOf } from './members.ts';
import {
  type MembershipChange,
  type MembershipRefusal,
  type MembershipRefusalReason,
  refusal,
} from './membership-change.ts';
import { equalSizes, mayFollowAtOnce } from './quorum-rules.ts';

export type ChangedConfiguration =
  | {
      readonly configuration: Configuration;
      /** The configuration is the one there was: nothing needs to be appended. */
      readonly unchanged: boolean;
    }
  | { readonly refused: MembershipRefusal };

/**
 * The configuration that `change` leads to from `current`: the one it asks for, or a joint one on
 * the way there (dissertation 4.1, 4.3). Arithmetic only: whether the group may change now, and
 * whether the new nodes have the data, is for the leader to know.
 *
 * A configuration that is joint already takes only descriptions until it is left.
 */
export function changeConfiguration(
  current: Configuration,
  change: MembershipChange,
): ChangedConfiguration {
  const mode = change.mode ?? 'auto';
  if (current.votersOutgoing.length > 0) {
    if (mode === 'auto' && onlyDescribes(change)) return describeOnly(current, change);
    return refusal(
      'joint',
      'The configuration is joint; leave it first, or wait until it is left.',
    );
  }
  if (mode === 'joint' || mode === 'jointAutoLeave') {
    return enterJoint(current, change, mode === 'jointAutoLeave');
  }
  const single = singleStep(current, change);
  if (mode === 'simple' || !('refused' in single) || !needsJoint(single.refused.reason)) {
    return single;
  }
  return enterJoint(current, change, true);
}

/** The configuration after a joint one: the incoming half alone (dissertation 4.3). */
export function leaveJoint(current: Configuration): ChangedConfiguration {
  if (current.votersOutgoing.length === 0) {
    return refusal('notJoint', 'The configuration is not joint, so there is nothing to leave.');
  }
  const learners = [...current.learners, ...current.learnersNext].sort((a, b) => a - b);
  const staying = new Set([...current.voters, ...learners]);
  const configuration: Configuration = {
    ...current,
    votersOutgoing: [],
    learners,
    learnersNext: [],
    autoLeave: false,
    members: current.members
      .filter((member) => staying.has(member.id) || member.witness)
      .map((member) => (staying.has(member.id) ? member : formerWitness(member))),
    quorumOutgoing: null,
  };
  return { configuration, unchanged: false };
}

function needsJoint(reason: MembershipRefusalReason): boolean {
  return reason === 'manyVoters' || reason === 'unsafeStep';
}

function onlyDescribes(change: MembershipChange): boolean {
  return (
    change.quorum === undefined &&
    change.durability === undefined &&
    change.steps.every((step) => step.kind === 'describe')
  );
}

function describeOnly(current: Configuration, change: MembershipChange): ChangedConfiguration {
  const draft = drafted(current, change, current.votersOutgoing);
  if ('refused' in draft) return draft;
  return accepted(current, { ...current, members: draft.lists().members });
}

function singleStep(current: Configuration, change: MembershipChange): ChangedConfiguration {
  const draft = drafted(current, change, []);
  if ('refused' in draft) return draft;
  const next = changed(current, change, draft);
  const { voters } = current;
  const kept = voters.filter((id) => draft.voters.has(id)).length;
  if (voters.length + draft.voters.size - 2 * kept > 1) {
    return refusal('manyVoters', 'More than one voter changes: that takes a joint configuration.');
  }
  const problem = quorumsProblem(next);
  if (problem !== null) return quorumRefusal(problem);
  const sameSizes = equalSizes(current.quorum, next.quorum);
  if (!sameSizes || !mayFollowAtOnce(current, next)) {
    return refusal(
      'unsafeStep',
      'A quorum of before and one of afterwards need not meet: that takes a joint configuration.',
    );
  }
  return accepted(current, next);
}

function enterJoint(
  current: Configuration,
  change: MembershipChange,
  autoLeave: boolean,
): ChangedConfiguration {
  if (current.voters.length === 0) {
    return refusal('empty', 'A configuration without voters cannot become joint; add one first.');
  }
  const draft = drafted(current, change, current.voters);
  if ('refused' in draft) return draft;
  const next = {
    ...changed(current, change, draft),
    votersOutgoing: current.voters,
    quorumOutgoing: current.quorum,
    autoLeave,
  };
  const problem = quorumsProblem(next);
  return problem === null ? accepted(current, next) : quorumRefusal(problem);
}

function drafted(
  current: Configuration,
  change: MembershipChange,
  votersOutgoing: readonly NodeId[],
): ConfigurationDraft | { readonly refused: MembershipRefusal } {
  const draft = new ConfigurationDraft(current, votersOutgoing);
  for (const step of change.steps) {
    const refused = draft.take(step);
    if (refused !== null) return refused;
  }
  if (draft.voters.size > 0) return draft;
  return refusal('noVoters', 'No voter would be left; keep one, or add another with this change.');
}

function changed(
  current: Configuration,
  change: MembershipChange,
  draft: ConfigurationDraft,
): Configuration {
  const { quorum = current.quorum, durability = current.durability } = change;
  return { ...current, ...draft.lists(), quorum, durability };
}

function quorumRefusal(problem: string): { readonly refused: MembershipRefusal } {
  return refusal('quorumInvalid', `The sizes do not fit: ${problem}; give others with the change.`);
}

/** What holds for every configuration that may follow another, however it came about. */
function accepted(current: Configuration, next: Configuration): ChangedConfiguration {
  const ids = membersOf(next);
  if (ids.length > maxConfigurationIds) {
    return refusal('tooManyNodes', `A group has at most ${maxConfigurationIds} nodes.`);
  }
  const problem = checkConfiguration(next);
  if (problem !== null) return refusal('invalid', `The result is no configuration: ${problem}.`);
  const refused = identityRefusal(current, next);
  if (refused !== null) return refused;
  // There is one encoding of each configuration.
  const unchanged = equalBytes(encodeConfiguration(current), encodeConfiguration(next));
  return { configuration: unchanged ? current : next, unchanged };
}

/**
 * A node that stays keeps what it has promised, so it must stay the same node with the same part of
 * the data (rules 7, 14). That it leaves and comes back within one change does not part the two.
 */
function identityRefusal(
  current: Configuration,
  next: Configuration,
): { readonly refused: MembershipRefusal } | null {
  const before = new Map(current.members.map((member) => [member.id, member]));
  const after = new Map(next.members.map((member) => [member.id, member]));
  const staying = new Set(membersOf(next));
  for (const id of membersOf(current)) {
    if (!staying.has(id)) continue;
    const incarnation = before.get(id)?.incarnation ?? 0;
    if (incarnation !== 0 && after.get(id)?.incarnation !== incarnation) {
      return refusal(
        'incarnationFixed',
        `Node ${id} is known as incarnation ${incarnation}. One that has lost its data is ` +
          'removed first, and added by a later change.',
      );
    }
    if ((before.get(id)?.witness ?? false) !== (after.get(id)?.witness ?? false)) {
      return refusal(
        'witnessFixed',
        `Node ${id} cannot become a witness or cease to be one as it is. Remove it first; then ` +
          'add it as a witness, or wiped and with its new incarnation as one that holds data.',
      );
    }
  }
  for (const { id, incarnation, witness } of current.members) {
    const comesBack = witness && staying.has(id) && !membersOf(current).includes(id);
    if (!comesBack || after.get(id)?.witness === true) continue;
    const now = after.get(id)?.incarnation ?? 0;
    if (incarnation === 0 || now === 0 || now === incarnation) {
      return refusal(
        'witnessFixed',
        `Node ${id} was a witness, and its log is without data. Wipe it and add it with its new ` +
          'incarnation, or give it another id.',
      );
    }
  }
  return null;
}
