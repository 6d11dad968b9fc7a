import { type CallStatus, percentEncode } from '../call-status.ts';
import { defaultHeaderTableBytes } from '../protocol.ts';
import type { HeaderFields } from '../server-stream.ts';
import { staticTable } from './static-table.ts';

const indexed = 0x80;
const literalKept = 0x40;
const newestIndex = staticTable.length + 1;

function staticIndex(name: string, value = ''): number {
  return 1 + staticTable.findIndex((field) => field.name === name && field.value === value);
}

/** RFC 7541, 5.1. */
function integer(value: number, prefixMask: number, pattern: number): number[] {
  if (value < prefixMask) return [pattern | value];
  const bytes = [pattern | prefixMask];
  let rest = value - prefixMask;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function string(text: string): number[] {
  return [...integer(text.length, 0x7f, 0), ...Buffer.from(text, 'latin1')];
}

/** @param name an index of the static table, or text */
function literal(pattern: number, name: number | string, value: string): number[] {
  const mask = pattern === literalKept ? 0x3f : 0x0f;
  const known =
    typeof name === 'number' ? integer(name, mask, pattern) : [pattern, ...string(name)];
  return [...known, ...string(value)];
}

const statusOk = indexed | staticIndex(':status', '200');
const statusName = staticIndex(':status', '200');
const contentTypeName = staticIndex('content-type');
const contentType = 'application/grpc';
const grpcStatus = 'grpc-status';

/**
 * Encodes what calls are answered with. Two fields are taught to the client, once each:
 * `content-type`, then `grpc-status` of success. From then on the header fields of an answer take
 * two bytes, and its trailers one.
 */
export class ResponseEncoder {
  #headers = Buffer.from([statusOk, ...literal(literalKept, contentTypeName, contentType)]);
  #success = Buffer.from(literal(literalKept, grpcStatus, '0'));
  #knowsContentType = false;
  #knowsSuccess = false;
  /** The client's table is to be emptied with the next block (RFC 7541, 4.2). */
  #mustForget = false;
  #mayTeach = true;

  /** @param tableBytes what the client's decoder may keep, by its settings */
  setTableSize(tableBytes: number): void {
    if (tableBytes >= defaultHeaderTableBytes || !this.#mayTeach) return;
    // Two short fields are not worth following a client that wants less: it gets literals.
    this.#mayTeach = false;
    this.#mustForget = true;
    this.#headers = Buffer.from([statusOk, ...literal(0, contentTypeName, contentType)]);
    this.#success = Buffer.from(literal(0, grpcStatus, '0'));
  }

  /** Of an answer that has messages. To be sent at once, as all blocks, in order. */
  headers(): Buffer {
    const block = this.#headers;
    if (this.#mayTeach && !this.#knowsContentType) {
      this.#knowsContentType = true;
      this.#headers = Buffer.of(statusOk, indexed | newestIndex);
    }
    return this.#opened(block);
  }

  /** Behind the messages of a call that succeeded, so `headers` was there before. */
  success(): Buffer {
    const block = this.#success;
    if (this.#mayTeach && !this.#knowsSuccess) {
      this.#knowsSuccess = true;
      this.#success = Buffer.of(indexed | newestIndex);
      this.#headers = Buffer.of(statusOk, indexed | (newestIndex + 1));
    }
    return this.#opened(block);
  }

  /** @param isFirst nothing was sent of this call yet: its answer is these trailers alone */
  trailers({ code, message, httpStatus = 200 }: CallStatus, isFirst: boolean): Buffer {
    const first = [
      ...(httpStatus === 200 ? [statusOk] : literal(0, statusName, String(httpStatus))),
      ...literal(0, contentTypeName, contentType),
    ];
    const block = [
      ...(isFirst ? first : []),
      ...literal(0, grpcStatus, String(code)),
      ...(message === '' ? [] : literal(0, 'grpc-message', percentEncode(message))),
    ];
    return this.#opened(Buffer.from(block));
  }

  /** Of an answer that is no gRPC. */
  response(status: number, fields: HeaderFields): Buffer {
    const block = status === 200 ? [statusOk] : literal(0, statusName, String(status));
    for (const [name, value] of fields) block.push(...literal(0, name, value));
    return this.#opened(Buffer.from(block));
  }

  #opened(block: Buffer): Buffer {
    if (!this.#mustForget) return block;
    this.#mustForget = false;
    return Buffer.concat([Buffer.of(0x20), block]);
  }
}
