import {
  ByteReader,
  ByteReaderError,
  ByteWriter,
  concatBytes,
  type SnapshotSink,
} from '@quorate/base';
import type { NodeId } from '@quorate/schema';
import {
  type MemberAttributes,
  readMemberAttributes,
  writeMemberAttributes,
} from './member-attributes.ts';
import { ServerError } from './server-error.ts';

/**
 * A snapshot is `u32 version | u32 length | varint count, then so many member attributes | the
 * store's snapshot`, integers little-endian; `length` is that of the attributes with their count.
 */
const snapshotVersion = 1;
const preambleBytes = 8;
const maxAttributesBytes = 1024 * 1024;

export type AttributesByMember = ReadonlyMap<NodeId, MemberAttributes>;

export function snapshotPreamble(attributes: AttributesByMember): Uint8Array {
  const body = new ByteWriter();
  body.varint(attributes.size);
  for (const one of attributes.values()) writeMemberAttributes(one, body);
  const writer = new ByteWriter();
  writer.fixed32(snapshotVersion);
  writer.fixed32(body.length);
  writer.raw(body.view());
  return writer.take();
}

/**
 * Draws from the store's snapshot after the preamble. Not a generator: one that is ended before it
 * is first drawn from would never tell the store, which holds history back until it is told.
 */
export function snapshotChunks(
  preamble: Uint8Array,
  store: Iterator<Uint8Array, void>,
): Iterator<Uint8Array, void> {
  let begun = false;
  return {
    next: () => {
      if (begun) return store.next();
      begun = true;
      return { done: false, value: preamble };
    },
    return: () => store.return?.() ?? { done: true, value: undefined },
  };
}

/** Splits what `snapshotChunks` gave, wherever the chunks' borders are now. */
export class EtcdSnapshotSink implements SnapshotSink {
  readonly #store: SnapshotSink;
  readonly #done: (attributes: Map<NodeId, MemberAttributes>) => void;
  /** What came so far, joined only when there is enough: the chunks may be of one byte each. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #neededBytes = preambleBytes;
  #attributes: Map<NodeId, MemberAttributes> | null = null;

  constructor(store: SnapshotSink, done: (attributes: Map<NodeId, MemberAttributes>) => void) {
    this.#store = store;
    this.#done = done;
  }

  chunk(bytes: Uint8Array): void {
    if (this.#attributes !== null) {
      this.#store.chunk(bytes);
      return;
    }
    if (bytes.length === 0) return;
    // Not slice(): of a Buffer that is a view.
    this.#pending.push(new Uint8Array(bytes));
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= this.#neededBytes) this.#read(concatBytes(this.#pending));
  }

  finish(): void {
    if (this.#attributes === null) throw invalid('it ends inside the member attributes');
    this.#store.finish();
    this.#done(this.#attributes);
  }

  /** @param stream all of it so far; at least its first eight bytes */
  #read(stream: Uint8Array): void {
    const reader = new ByteReader(stream);
    const version = reader.fixed32();
    if (version !== snapshotVersion) throw invalid(`its version is ${version}, not 1`);
    const length = reader.fixed32();
    if (length > maxAttributesBytes) throw invalid(`${length} bytes of member attributes`);
    const end = preambleBytes + length;
    this.#neededBytes = end;
    this.#pending = [stream];
    if (stream.length < end) return;
    this.#attributes = readAttributes(stream.subarray(preambleBytes, end));
    this.#pending = [];
    if (stream.length > end) this.#store.chunk(stream.subarray(end));
  }
}

function readAttributes(bytes: Uint8Array): Map<NodeId, MemberAttributes> {
  const out: Map<NodeId, MemberAttributes> = new Map();
  try {
    const reader = new ByteReader(bytes);
    const count = reader.varint();
    for (let i = 0; i < count; i++) {
      const attributes = readMemberAttributes(reader);
      out.set(attributes.member, attributes);
    }
  } catch (error) {
    if (error instanceof ByteReaderError) throw invalid(error.message);
    throw error;
  }
  return out;
}

function invalid(reason: string): ServerError<'SERVER_SNAPSHOT_INVALID'> {
  const message = `a snapshot cannot be restored: ${reason}; take it again from another member`;
  return new ServerError('SERVER_SNAPSHOT_INVALID', message, { reason });
}
