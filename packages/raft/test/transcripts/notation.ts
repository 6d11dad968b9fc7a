import type {
  Configuration,
  Entry,
  LogPosition,
  Member,
  QuorumSizes,
  RaftMessage,
  SnapshotMeta,
} from '@quorate/schema';
import { decodeConfiguration, EntryKind } from '@quorate/schema';
import type { DurableWrite, Effects } from '../../src/index.ts';

// How a transcript writes things down: one line each, positions as index/term.

const decoder = new TextDecoder();

export function positionText({ index, term }: LogPosition): string {
  return `${index}/${term}`;
}

export function entryText(entry: Entry): string {
  const position = positionText(entry);
  switch (entry.kind) {
    case EntryKind.command:
      return `${position} "${decoder.decode(entry.data)}"`;
    case EntryKind.empty:
      return `${position} empty`;
    case EntryKind.withheld:
      return `${position} withheld`;
    case EntryKind.configuration:
      return `${position} {${configurationText(decodeConfiguration(entry.data))}}`;
  }
}

/** What a configuration says was seen when it came. */
function appliedText(entry: Entry): string {
  const isConfiguration = entry.kind === EntryKind.configuration;
  return isConfiguration ? `${positionText(entry)} configuration` : entryText(entry);
}

function sizesText(sizes: QuorumSizes | null): string {
  return sizes === null ? '' : ` commit ${sizes.commit} election ${sizes.election}`;
}

export function configurationText(configuration: Configuration): string {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = configuration;
  const { members, durability } = configuration;
  const parts = [`voters ${voters.join(' ')}${sizesText(configuration.quorum)}`];
  if (votersOutgoing.length > 0) {
    const sizes = sizesText(configuration.quorumOutgoing);
    parts.push(
      `outgoing ${votersOutgoing.join(' ')}${sizes}${autoLeave ? ', left by itself' : ''}`,
    );
  }
  if (learners.length > 0) parts.push(`learners ${learners.join(' ')}`);
  if (learnersNext.length > 0) parts.push(`then learners ${learnersNext.join(' ')}`);
  if (durability !== null) {
    parts.push(`in ${durability.domains} domains at depth ${durability.depth}`);
  }
  for (const member of members) parts.push(memberText(member));
  return parts.join('; ');
}

function memberText(member: Member): string {
  const { id, incarnation, locality, priority, witness, promote } = member;
  const parts = [
    incarnation === 0 ? '' : `incarnation ${incarnation}`,
    locality,
    priority === 0 ? '' : `priority ${priority}`,
    witness ? 'witness' : '',
    promote ? 'to be promoted' : '',
  ];
  return `${id} is ${parts.filter((part) => part !== '').join(', ')}`;
}

export function snapshotText(snapshot: SnapshotMeta): string {
  return `snapshot ${positionText(snapshot)}${snapshot.withheld ? ' withheld' : ''}`;
}

export function messageText(message: RaftMessage): string {
  const { from, to, type, term } = message;
  return `${from} > ${to}  ${type} t${term}${bodyText(message)}`;
}

/** What a message says beyond its term; what is as usual is left out. */
function bodyText(message: RaftMessage): string {
  switch (message.type) {
    case 'PreVote':
    case 'RequestVote': {
      const byLeader = message.type === 'RequestVote' && message.leadershipTransfer;
      const log = `${message.lastLogIndex}/${message.lastLogTerm}`;
      return ` log ${log}${byLeader ? ', handed over' : ''}`;
    }
    case 'PreVoteResponse':
    case 'RequestVoteResponse':
      return message.granted ? ' granted' : ' refused';
    case 'AppendEntries': {
      const after = `after ${message.prevLogIndex}/${message.prevLogTerm}`;
      const entries = message.entries.map(entryText).join(', ');
      return ` ${after} [${entries}] commit ${message.commitIndex}`;
    }
    case 'AppendEntriesResponse': {
      const { rejectedIndex, hintIndex, hintTerm, matchIndex } = message;
      const refused = ` refused after ${rejectedIndex}, perhaps after ${hintIndex}/${hintTerm}`;
      const said = message.success ? ` match ${matchIndex}` : refused;
      return `${said}${message.repairing ? ', repairing' : ''}`;
    }
    case 'Heartbeat': {
      const { round, commitIndex, cancelRound } = message;
      const cancels = cancelRound === 0 ? '' : `, TimeoutNow of round ${cancelRound} is void`;
      return ` round ${round} commit ${commitIndex}${cancels}`;
    }
    case 'HeartbeatResponse':
      return ` round ${message.round}`;
    case 'CommitNotice':
      return ` commit ${message.commitIndex}`;
    case 'InstallSnapshot':
      return ` ${snapshotText(message.snapshot)}`;
    case 'TimeoutNow':
      return ` round ${message.round}`;
    case 'ReadIndex':
      return ` read ${message.context}`;
    case 'ReadIndexResponse':
      return ` read ${message.context} at ${message.index}`;
    case 'AwaitDurability': {
      const { domains, depth } = message.durability;
      const wanted = `${message.index} in ${domains} domains at depth ${depth}`;
      return ` wait ${message.context} for ${wanted}`;
    }
    case 'DurabilityReached':
      return ` wait ${message.context} ${message.reached ? 'reached' : 'out of reach'}`;
  }
}

export function writeText(write: DurableWrite): string {
  const { hardState, truncateAfter, entries, snapshot, logStart } = write;
  const parts: string[] = [];
  if (hardState !== null) {
    const { term, votedFor, commitIndex } = hardState;
    parts.push(`t${term}${votedFor === 0 ? '' : ` vote ${votedFor}`} commit ${commitIndex}`);
  }
  if (truncateAfter !== null) parts.push(`cut after ${truncateAfter}`);
  if (entries.length > 0) parts.push(`[${entries.map(entryText).join(', ')}]`);
  if (snapshot !== null) parts.push(snapshotText(snapshot));
  if (logStart !== null) parts.push(`log from after ${positionText(logStart)}`);
  return `write #${write.id}: ${parts.join('; ')}`;
}

/** Everything but the messages, in the order in which a driver acts on it. */
export function effectLines(effects: Effects): string[] {
  const lines: string[] = [];
  for (const { role, term, leader } of effects.leadership) {
    const follows = leader === 0 || role === 'leader' ? '' : ` of ${leader}`;
    lines.push(`${role}${follows} in t${term}`);
  }
  if (effects.write !== null) lines.push(writeText(effects.write));
  if (effects.restore !== null) lines.push(`restores ${snapshotText(effects.restore)}`);
  if (effects.committed.length > 0) {
    lines.push(`applies ${effects.committed.map(appliedText).join(', ')}`);
  }
  for (const { context, index } of effects.reads)
    lines.push(`may serve read ${context} at ${index}`);
  for (const context of effects.failedReads) lines.push(`read ${context} failed, ask again`);
  for (const { context, reached } of effects.durability) {
    lines.push(`wait ${context} ${reached ? 'reached' : 'out of reach'}`);
  }
  for (const context of effects.failedDurability) lines.push(`wait ${context} failed, ask again`);
  for (const { to, snapshot } of effects.snapshotsToSend) {
    lines.push(`sends ${snapshotText(snapshot)} to ${to}`);
  }
  return lines;
}
