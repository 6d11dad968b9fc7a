import { type AppliedEntry, ByteReader, ByteReaderError, ByteWriter } from '@quorate/base';
import type { GroupId, LogIndex, NodeId, Term } from '@quorate/schema';
import { type FeedContacts, readAddress, readContacts, writeContacts } from './feed-contacts.ts';

/**
 * What a read replica asks of whoever feeds it, after a first byte that no JSON begins with. All
 * integers are varints.
 *
 * ```
 * entries   1, group, after, maxBytes, waitMs
 * snapshot  2, group, id, chunk
 * barrier   3, group, maxStalenessMs
 * follow    4, group, after, maxBytes, waitMs, follower, term, leader, contacts, length, address
 * ```
 */
export type FeedRequest =
  /** What was applied after this index; when there is nothing, as soon as there is. */
  | {
      readonly kind: 'entries';
      readonly group: GroupId;
      readonly after: LogIndex;
      readonly maxBytes: number;
      readonly waitMs: number;
    }
  /** The next piece of a snapshot that was begun. */
  | {
      readonly kind: 'snapshot';
      readonly group: GroupId;
      readonly id: number;
      readonly chunk: number;
    }
  /** An index that is at most so old; 0: one that reflects all that was acknowledged. */
  | { readonly kind: 'barrier'; readonly group: GroupId; readonly maxStalenessMs: number }
  | FollowRequest;

/** As `entries`, and answered as well as soon as another term or leader is known. */
export interface FollowRequest {
  readonly kind: 'follow';
  readonly group: GroupId;
  readonly after: LogIndex;
  readonly maxBytes: number;
  readonly waitMs: number;
  /** Drawn by whoever asks, the same in all that it asks. */
  readonly follower: number;
  /** What it knows; 0 and 0: nothing. */
  readonly term: Term;
  readonly leader: NodeId;
  /** The digest of the contacts that it knows; 0: none. */
  readonly contacts: number;
  /** 'host:port' where it feeds others; empty: nowhere. */
  readonly address: string;
}

/**
 * ```
 * entries   1, through, count, then for each: index, term, timestampMicros, length, command
 * begin     2, id, index
 * chunk     3, last (0 or 1), bytes to the end
 * barrier   4, index
 * refused   5, reason in UTF-8 to the end
 * followed  6, heldMs, ageMs, term, leader, depth, told (0 or 1), contacts if told, then an
 *           answer `entries` or `begin`
 * elsewhere 7, contacts, reason in UTF-8 to the end
 * ```
 */
export type FeedAnswer =
  /** Everything up to `through` is in here, or was before. */
  | {
      readonly kind: 'entries';
      readonly through: LogIndex;
      readonly entries: readonly AppliedEntry[];
    }
  /** What was asked for is not at hand any more: take the state as of `index`. */
  | { readonly kind: 'begin'; readonly id: number; readonly index: LogIndex }
  | { readonly kind: 'chunk'; readonly last: boolean; readonly bytes: Uint8Array }
  | { readonly kind: 'barrier'; readonly index: LogIndex }
  | { readonly kind: 'refused'; readonly reason: string }
  | FollowedAnswer
  /** Not here; these may have room. */
  | { readonly kind: 'elsewhere'; readonly contacts: FeedContacts; readonly reason: string };

export interface FollowedAnswer {
  readonly kind: 'followed';
  /** How long the request waited here. */
  readonly heldMs: number;
  /** How long ago a member knew what this says; 0: whoever answers is one. */
  readonly ageMs: number;
  readonly term: Term;
  /** 0: nobody is known. */
  readonly leader: NodeId;
  /** How many nodes are between whoever answers and a member; 0: it is one. */
  readonly depth: number;
  /** Null: as whoever asked knows them. */
  readonly contacts: FeedContacts | null;
  readonly answer: Extract<FeedAnswer, { readonly kind: 'entries' | 'begin' }>;
}

type EntriesAnswer = Extract<FeedAnswer, { readonly kind: 'entries' }>;

const requestKinds = { entries: 1, snapshot: 2, barrier: 3, follow: 4 } as const;
const answerKinds = {
  entries: 1,
  begin: 2,
  chunk: 3,
  barrier: 4,
  refused: 5,
  followed: 6,
  elsewhere: 7,
} as const;
const maxEntries = 131_072;
const text = new TextEncoder();
const textOf = new TextDecoder();

/** Whether these bytes may be a feed's, and not a request in JSON. */
export function isFeedRequest(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  return first >= requestKinds.entries && first <= requestKinds.follow;
}

export function encodeFeedRequest(request: FeedRequest): Uint8Array {
  const writer = new ByteWriter(64);
  writer.varint(requestKinds[request.kind]);
  writer.varint(request.group);
  switch (request.kind) {
    case 'entries':
      writer.varint(request.after);
      writer.varint(request.maxBytes);
      writer.varint(request.waitMs);
      break;
    case 'snapshot':
      writer.varint(request.id);
      writer.varint(request.chunk);
      break;
    case 'barrier':
      writer.varint(request.maxStalenessMs);
      break;
    case 'follow':
      writeFollow(writer, request);
  }
  return writer.take();
}

/** @returns null when the bytes are no request of this version's */
export function decodeFeedRequest(bytes: Uint8Array): FeedRequest | null {
  return decoded(bytes, (reader) => {
    const kind = reader.varint();
    const group = reader.varint();
    switch (kind) {
      case requestKinds.entries: {
        const [after, maxBytes] = [reader.varint(), reader.varint()];
        return { kind: 'entries', group, after, maxBytes, waitMs: reader.varint() };
      }
      case requestKinds.snapshot:
        return { kind: 'snapshot', group, id: reader.varint(), chunk: reader.varint() };
      case requestKinds.barrier:
        return { kind: 'barrier', group, maxStalenessMs: reader.varint() };
      case requestKinds.follow:
        return readFollow(reader, group);
      default:
        return null;
    }
  });
}

function writeFollow(writer: ByteWriter, request: FollowRequest): void {
  writer.varint(request.after);
  writer.varint(request.maxBytes);
  writer.varint(request.waitMs);
  writer.varint(request.follower);
  writer.varint(request.term);
  writer.varint(request.leader);
  writer.varint(request.contacts);
  writer.string(request.address);
}

function readFollow(reader: ByteReader, group: GroupId): FollowRequest | null {
  const [after, maxBytes, waitMs] = [reader.varint(), reader.varint(), reader.varint()];
  const [follower, term, leader] = [reader.varint(), reader.varint(), reader.varint()];
  const contacts = reader.varint();
  const address = readAddress(reader);
  if (address === null) return null;
  const knows = { follower, term, leader, contacts, address };
  return { kind: 'follow', group, after, maxBytes, waitMs, ...knows };
}

export function encodeFeedAnswer(answer: FeedAnswer): Uint8Array {
  const writer = new ByteWriter(256);
  writer.varint(answerKinds[answer.kind]);
  switch (answer.kind) {
    case 'entries':
      writer.varint(answer.through);
      writer.varint(answer.entries.length);
      for (const { index, term, timestampMicros, command } of answer.entries) {
        writer.varint(index);
        writer.varint(term);
        writer.varint(timestampMicros);
        writer.bytes(command);
      }
      break;
    case 'begin':
      writer.varint(answer.id);
      writer.varint(answer.index);
      break;
    case 'chunk':
      writer.varint(answer.last ? 1 : 0);
      writer.raw(answer.bytes);
      break;
    case 'barrier':
      writer.varint(answer.index);
      break;
    case 'refused':
      writer.raw(text.encode(answer.reason));
      break;
    case 'followed':
      writeFollowed(writer, answer);
      break;
    case 'elsewhere':
      writeContacts(writer, answer.contacts);
      writer.raw(text.encode(answer.reason));
  }
  return writer.take();
}

/** @returns null when the bytes are no answer of this version's */
export function decodeFeedAnswer(bytes: Uint8Array): FeedAnswer | null {
  return decoded(bytes, (reader) => {
    const rest = (): Uint8Array => bytes.subarray(reader.offset);
    switch (reader.varint()) {
      case answerKinds.entries:
        return decodeEntries(reader);
      case answerKinds.begin:
        return { kind: 'begin', id: reader.varint(), index: reader.varint() };
      case answerKinds.chunk: {
        const last = reader.varint() === 1;
        return { kind: 'chunk', last, bytes: rest() };
      }
      case answerKinds.barrier:
        return { kind: 'barrier', index: reader.varint() };
      case answerKinds.refused:
        return { kind: 'refused', reason: textOf.decode(rest()) };
      case answerKinds.followed:
        return readFollowed(reader, rest);
      case answerKinds.elsewhere: {
        const contacts = readContacts(reader);
        return contacts && { kind: 'elsewhere', contacts, reason: textOf.decode(rest()) };
      }
      default:
        return null;
    }
  });
}

function writeFollowed(writer: ByteWriter, followed: FollowedAnswer): void {
  const { heldMs, ageMs, term, leader, depth, contacts, answer } = followed;
  for (const number of [heldMs, ageMs, term, leader, depth]) writer.varint(number);
  writer.varint(contacts === null ? 0 : 1);
  if (contacts !== null) writeContacts(writer, contacts);
  writer.raw(encodeFeedAnswer(answer));
}

function readFollowed(reader: ByteReader, rest: () => Uint8Array): FollowedAnswer | null {
  const [heldMs, ageMs, term] = [reader.varint(), reader.varint(), reader.varint()];
  const [leader, depth, told] = [reader.varint(), reader.varint(), reader.varint()];
  const contacts = told === 0 ? null : readContacts(reader);
  if (told > 1 || (told === 1 && contacts === null)) return null;
  // Not `decodeFeedAnswer`: what is nested may not nest again.
  const answer = decoded(rest(), readState);
  const known = { heldMs, ageMs, term, leader, depth, contacts };
  return answer && { kind: 'followed', ...known, answer };
}

function readState(reader: ByteReader): FollowedAnswer['answer'] | null {
  switch (reader.varint()) {
    case answerKinds.entries:
      return decodeEntries(reader);
    case answerKinds.begin:
      return { kind: 'begin', id: reader.varint(), index: reader.varint() };
    default:
      return null;
  }
}

function decodeEntries(reader: ByteReader): EntriesAnswer | null {
  const through = reader.varint();
  const count = reader.varint();
  if (count > maxEntries) return null;
  const entries: AppliedEntry[] = [];
  let previous = 0;
  for (let at = 0; at < count; at++) {
    const [index, term, timestampMicros] = [reader.varint(), reader.varint(), reader.varint()];
    if (index <= previous || index > through) return null;
    previous = index;
    entries.push({ index, term, timestampMicros, command: reader.bytes() });
  }
  return { kind: 'entries', through, entries };
}

function decoded<Message>(
  bytes: Uint8Array,
  decode: (reader: ByteReader) => Message | null,
): Message | null {
  try {
    return decode(new ByteReader(bytes));
  } catch (error) {
    if (error instanceof ByteReaderError) return null;
    throw error;
  }
}
