import type { Effects, PeerLinks } from '@quorate/raft';
import type { RaftView } from '@quorate/runtime';
import type { GroupId, LogIndex, NodeId, PeerMessage } from '@quorate/schema';
import type { TracedTurn } from './trace-event.ts';

/**
 * Gathers what one node receives and tells of every turn in which something changed, came or went.
 */
export class TurnTracer {
  readonly #node: NodeId;
  readonly #tell: (turn: TracedTurn) => void;
  readonly #received = new Map<GroupId, PeerMessage[]>();
  /** What else than Raft sends leaves between turns: forwarded commands, pieces of snapshots. */
  readonly #sent = new Map<GroupId, PeerMessage[]>();
  readonly #last = new Map<GroupId, string>();

  constructor(node: NodeId, tell: (turn: TracedTurn) => void) {
    this.#node = node;
    this.#tell = tell;
  }

  /** Sees what passes, and changes nothing. @param inner with methods of its own, to be copied */
  links(inner: PeerLinks): PeerLinks {
    return {
      ...inner,
      start: (handlers, done) =>
        inner.start(
          {
            ...handlers,
            message: (from, group, message) => {
              put(this.#received, group, message);
              handlers.message(from, group, message);
            },
          },
          done,
        ),
      send: (to, group, message) => {
        put(this.#sent, group, message);
        return inner.send(to, group, message);
      },
    };
  }

  turned(
    atMs: number,
    group: GroupId,
    raft: RaftView,
    effects: Effects,
    appliedIndex: LogIndex,
  ): void {
    const received = take(this.#received, group);
    // What the core sends in this turn passes the links only after it.
    const earlier = take(this.#sent, group).filter((message) => !isSentByTurns(message));
    const sent = [...earlier, ...effects.messages];
    const { role, currentTerm: term, votedFor, lastIndex, durableIndex, commitIndex } = raft;
    const state = [role, term, votedFor, lastIndex, durableIndex, commitIndex, appliedIndex].join();
    const isNews = received.length + sent.length > 0 || this.#last.get(group) !== state;
    this.#last.set(group, state);
    if (!isNews) return;
    this.#tell({
      kind: 'turn',
      atMs,
      node: this.#node,
      group,
      role,
      term,
      votedFor,
      lastIndex,
      lastTerm: raft.termAt(lastIndex),
      durableIndex,
      commitIndex,
      appliedIndex,
      received,
      sent,
    });
  }
}

const driversOwn: ReadonlySet<string> = new Set([
  'Forward',
  'ForwardResponse',
  'SnapshotChunk',
  'SnapshotChunkResponse',
]);

function isSentByTurns(message: PeerMessage): boolean {
  return !driversOwn.has(message.type);
}

function put(map: Map<GroupId, PeerMessage[]>, group: GroupId, message: PeerMessage): void {
  const messages = map.get(group);
  if (messages === undefined) map.set(group, [message]);
  else messages.push(message);
}

function take(map: Map<GroupId, PeerMessage[]>, group: GroupId): readonly PeerMessage[] {
  const messages = map.get(group) ?? [];
  map.delete(group);
  return messages;
}
