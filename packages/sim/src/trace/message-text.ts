import type { PeerMessage } from '@quorate/schema';

/** Short names of messages, as docs/internals/simulator.md explains them. */
const names: Readonly<Record<string, string>> = {
  PreVote: 'PV',
  PreVoteResponse: 'PVR',
  RequestVote: 'RV',
  RequestVoteResponse: 'RVR',
  AppendEntries: 'APP',
  AppendEntriesResponse: 'ACK',
  Heartbeat: 'HB',
  HeartbeatResponse: 'HBR',
  CommitNotice: 'CN',
  InstallSnapshot: 'SNAP',
  TimeoutNow: 'TN',
  ReadIndex: 'RI',
  ReadIndexResponse: 'RIR',
  Forward: 'FWD',
  ForwardResponse: 'FWDR',
  SnapshotChunk: 'CHK',
  SnapshotChunkResponse: 'CHKR',
};

/**
 * `n1→n2 APP t3 (7/2)+2 c6`: from, to, what, the sender's term, and what matters of the rest.
 * Positions are index/term.
 */
export function messageText(message: PeerMessage): string {
  const name = isRefusal(message) ? 'REJ' : (names[message.type] ?? message.type);
  const details = detailsOf(message);
  const rest = details === '' ? '' : ` ${details}`;
  return `n${message.from}→n${message.to} ${name} t${message.term}${rest}`;
}

function isRefusal(message: PeerMessage): boolean {
  return message.type === 'AppendEntriesResponse' && !message.success;
}

function detailsOf(message: PeerMessage): string {
  switch (message.type) {
    case 'PreVote':
    case 'RequestVote':
      return `${message.lastLogIndex}/${message.lastLogTerm}`;
    case 'PreVoteResponse':
    case 'RequestVoteResponse':
      return message.granted ? 'yes' : 'no';
    case 'AppendEntries': {
      const before = `(${message.prevLogIndex}/${message.prevLogTerm})`;
      return `${before}+${message.entries.length} c${message.commitIndex}`;
    }
    case 'AppendEntriesResponse':
      return message.success
        ? `m${message.matchIndex}`
        : `at ${message.rejectedIndex} try ${message.hintIndex}/${message.hintTerm}`;
    case 'Heartbeat':
      return `r${message.round} c${message.commitIndex}`;
    case 'HeartbeatResponse':
      return `r${message.round}`;
    case 'CommitNotice':
      return `c${message.commitIndex}`;
    case 'InstallSnapshot':
      return `${message.snapshot.index}/${message.snapshot.term}`;
    case 'ReadIndexResponse':
      return `i${message.index}`;
    case 'Forward':
      return `x${message.commands.length}`;
    case 'ForwardResponse':
      return `${message.outcome} ${message.firstIndex}/${message.entryTerm}`;
    case 'SnapshotChunk': {
      const { snapshot, chunk, last } = message;
      return `${snapshot.index}/${snapshot.term} #${chunk}${last ? ' end' : ''}`;
    }
    case 'SnapshotChunkResponse':
      return `${message.snapshotIndex}/${message.snapshotTerm} #${message.nextChunk}`;
    default:
      return '';
  }
}
