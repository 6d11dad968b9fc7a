import type { ForwardResponse, PeerMessage, SnapshotChunkResponse } from './types.ts';

/** The field of `Envelope.body` for each message. */
export const bodyFields: { readonly [Type in PeerMessage['type']]: number } = {
  AppendEntries: 5,
  AppendEntriesResponse: 6,
  Heartbeat: 7,
  HeartbeatResponse: 8,
  Forward: 9,
  ForwardResponse: 10,
  ReadIndex: 11,
  ReadIndexResponse: 12,
  SnapshotChunk: 13,
  SnapshotChunkResponse: 14,
  PreVote: 15,
  PreVoteResponse: 16,
  RequestVote: 17,
  RequestVoteResponse: 18,
  InstallSnapshot: 19,
  TimeoutNow: 20,
  CommitNotice: 21,
  AwaitDurability: 22,
  DurabilityReached: 23,
  NodeHeartbeat: 24,
  NodeHeartbeatResponse: 25,
};

/** The name at position n is number n + 1 on the wire; 0 is never sent. */
export const forwardOutcomes: readonly ForwardResponse['outcome'][] = [
  'appended',
  'notLeader',
  'overloaded',
  'stopping',
  'storageFull',
];

/** As `forwardOutcomes`. */
export const chunkOutcomes: readonly SnapshotChunkResponse['outcome'][] = [
  'more',
  'installed',
  'refused',
];
