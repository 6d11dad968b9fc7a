import type {
  Configuration,
  Entry,
  EntryKind,
  Member,
  PeerMessage,
  SnapshotMeta,
} from '@quorate/schema';
import { encodeConfiguration } from '@quorate/schema';
import fc from 'fast-check';

const id = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 2 ** 53 - 1 }));
const number = fc.oneof(fc.nat(300), fc.maxSafeNat());
const bytes = fc.uint8Array({ maxLength: 200 });
const ids = fc
  .uniqueArray(id, { maxLength: 6 })
  .map((list) => list.sort((a, b) => (a < b ? -1 : 1)));

const text = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 60 }));
const count = fc.integer({ min: 1, max: 1024 });
const sizes = fc.option(fc.record({ commit: count, election: count }), { nil: null });
const members: fc.Arbitrary<Member[]> = ids.chain((list) =>
  fc.tuple(
    ...list.map((id) =>
      fc.record({
        id: fc.constant(id),
        incarnation: number,
        locality: text,
        address: text,
        priority: fc.nat(255),
        witness: fc.boolean(),
        promote: fc.boolean(),
      }),
    ),
  ),
);

const configuration: fc.Arbitrary<Configuration> = fc.record({
  voters: ids,
  votersOutgoing: ids,
  learners: ids,
  learnersNext: ids,
  autoLeave: fc.boolean(),
  members,
  quorum: sizes,
  quorumOutgoing: sizes,
  durability: fc.option(fc.record({ depth: count, domains: count }), { nil: null }),
});

const snapshot: fc.Arbitrary<SnapshotMeta> = fc.record({
  index: number,
  term: number,
  timestampMicros: number,
  configuration,
  withheld: fc.boolean(),
});

const content = fc.oneof(
  fc.record({ kind: fc.constant<EntryKind>(0), data: bytes }),
  fc.record({ kind: fc.constant<EntryKind>(1), data: fc.constant(new Uint8Array(0)) }),
  fc.record({
    kind: fc.constant<EntryKind>(2),
    data: configuration.map((value) => encodeConfiguration(value)),
  }),
);
const draft = fc.record({ content, timestampMicros: number, termStep: fc.nat(2) });

const appendEntries: fc.Arbitrary<PeerMessage> = fc
  .record({
    from: id,
    to: id,
    prevLogIndex: fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 53 - 100 })),
    prevLogTerm: fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 52 })),
    termAhead: fc.nat(1000),
    commitIndex: number,
    drafts: fc.array(draft, { maxLength: 20 }),
  })
  .map(({ from, to, prevLogIndex, prevLogTerm, termAhead, commitIndex, drafts }) => {
    let term = prevLogTerm;
    const entries = drafts.map((one, at): Entry => {
      term += one.termStep;
      const index = prevLogIndex + 1 + at;
      return { index, term, timestampMicros: one.timestampMicros, ...one.content };
    });
    const position = { prevLogIndex, prevLogTerm, commitIndex };
    return { type: 'AppendEntries', from, to, term: term + termAhead, ...position, entries };
  });

function message<Type extends Exclude<PeerMessage['type'], 'AppendEntries'>>(
  type: Type,
  fields: {
    [Name in Exclude<
      keyof Extract<PeerMessage, { type: Type }>,
      'type' | 'from' | 'to' | 'term'
    >]: fc.Arbitrary<Extract<PeerMessage, { type: Type }>[Name]>;
  },
): fc.Arbitrary<PeerMessage> {
  const all = { type: fc.constant(type), from: id, to: id, term: number, ...fields };
  return fc.record(all) as unknown as fc.Arbitrary<PeerMessage>;
}

const granted = fc.boolean();
const position = { lastLogIndex: number, lastLogTerm: number };

export const anyGroup = number;

/** Messages as a correct sender makes them, of every kind. */
export const anyPeerMessage: fc.Arbitrary<PeerMessage> = fc.oneof(
  appendEntries,
  message('AppendEntriesResponse', {
    success: fc.boolean(),
    matchIndex: number,
    repairing: fc.boolean(),
    rejectedIndex: number,
    hintIndex: number,
    hintTerm: number,
    life: number,
  }),
  message('Heartbeat', { round: number, commitIndex: number, cancelRound: number }),
  message('HeartbeatResponse', { round: number, life: number }),
  message('CommitNotice', { commitIndex: number }),
  message('Forward', { request: number, commands: fc.array(bytes, { maxLength: 10 }) }),
  message('ForwardResponse', {
    request: number,
    outcome: fc.constantFrom('appended', 'notLeader', 'overloaded', 'stopping', 'storageFull'),
    firstIndex: number,
    entryTerm: number,
  }),
  message('ReadIndex', { context: number }),
  message('ReadIndexResponse', { context: number, index: number }),
  message('SnapshotChunk', { snapshot, chunk: number, last: fc.boolean(), data: bytes }),
  message('SnapshotChunkResponse', {
    snapshotIndex: number,
    snapshotTerm: number,
    nextChunk: number,
    outcome: fc.constantFrom('more', 'installed', 'refused'),
  }),
  message('PreVote', position),
  message('PreVoteResponse', { granted }),
  message('RequestVote', { ...position, leadershipTransfer: fc.boolean() }),
  message('RequestVoteResponse', { granted }),
  message('InstallSnapshot', { snapshot }),
  message('TimeoutNow', { round: number, life: number }),
  message('AwaitDurability', {
    context: number,
    index: number,
    durability: fc.record({ depth: count, domains: count }),
  }),
  message('NodeHeartbeat', {
    round: number,
    life: number,
    version: number,
    sleeping: fc.option(
      fc.array(fc.record({ group: number, term: number, lastIndex: number }), { maxLength: 5 }),
      { nil: null },
    ),
  }),
  message('NodeHeartbeatResponse', {
    round: number,
    life: number,
    version: number,
    awake: fc.array(number, { maxLength: 5 }),
  }),
  message('DurabilityReached', { context: number, reached: fc.boolean() }),
);

export const anyConfiguration = configuration;
export const anySnapshotMeta = snapshot;
