import { majorityConfiguration, type NodeId, type PeerMessage } from '@quorate/schema';

/**
 * A message that can be told from all others: its number stands in it.
 *
 * @param data of its command, or how many bytes it has
 */
export function numbered(
  from: NodeId,
  to: NodeId,
  number: number,
  data: number | Uint8Array = 20,
): PeerMessage {
  const commands = [typeof data === 'number' ? new Uint8Array(data).fill(number) : data];
  return { type: 'Forward', from, to, term: 1, request: number, commands };
}

/** Those of `numbered` among what was received, by their numbers. */
export function numbersIn(received: readonly { readonly message: PeerMessage }[]): number[] {
  return received.flatMap(({ message }) => (message.type === 'Forward' ? [message.request] : []));
}

/** Messages of several kinds and sizes, all of which travel on the same lane. */
export function mixedMessages(from: NodeId, to: NodeId): PeerMessage[] {
  const between = { from, to, term: 2 ** 40 };
  const entries = [1, 2, 3].map((at) => ({
    index: 2 ** 45 + at,
    term: 7,
    kind: 0 as const,
    timestampMicros: 2 ** 50 + at,
    data: Uint8Array.from({ length: at === 3 ? 70_000 : at * 9 }, (_, i) => (i * at) & 255),
  }));
  return [
    { ...between, type: 'PreVote', lastLogIndex: 5, lastLogTerm: 4 },
    { ...between, type: 'RequestVoteResponse', granted: true },
    {
      ...between,
      type: 'AppendEntries',
      prevLogIndex: 2 ** 45,
      prevLogTerm: 7,
      commitIndex: 2 ** 44,
      entries,
    },
    {
      ...between,
      type: 'AppendEntriesResponse',
      success: false,
      matchIndex: 0,
      repairing: false,
      rejectedIndex: 9,
      hintIndex: 8,
      hintTerm: 3,
      life: 2 ** 47,
    },
    { ...between, type: 'Heartbeat', round: 2 ** 33, commitIndex: 0, cancelRound: 1 },
    { ...between, type: 'ReadIndexResponse', context: 2 ** 34, index: 11 },
    { ...between, type: 'CommitNotice', commitIndex: 12 },
    numbered(from, to, 200, 1000),
  ];
}

export function chunk(from: NodeId, to: NodeId, at: number, bytes: number): PeerMessage {
  const configuration = majorityConfiguration([1, 2, 3]);
  const snapshot = { index: 9, term: 1, timestampMicros: 5, configuration, withheld: false };
  const data = new Uint8Array(bytes).fill(at);
  return { type: 'SnapshotChunk', from, to, term: 1, snapshot, chunk: at, last: false, data };
}
