import { bodyEnd, type CallStatus } from './call-status.ts';
import { ResponseEncoder } from './hpack/response-encoder.ts';
import type { Http2Limits } from './limits.ts';
import { OutputBuffer } from './output-buffer.ts';
import {
  defaultMaxFrameBytes,
  defaultWindowBytes,
  Flag,
  FrameType,
  maxWindowBytes,
} from './protocol.ts';
import type { HeaderFields, ServerStream } from './server-stream.ts';

const messagePrefixBytes = 5;
/** Larger frames would keep the other streams of a connection waiting. */
const dataFrameBytes = defaultMaxFrameBytes;

/**
 * What one connection sends of its streams, as far as the client and the system take it. The rest
 * is kept with its stream, and streams have turns, a frame each.
 */
export class SendSide {
  readonly output = new OutputBuffer();
  readonly encoder = new ResponseEncoder();
  readonly #limits: Http2Limits;
  readonly #unsentBytes: () => number;
  readonly #sent: (stream: ServerStream) => void;
  #connectionWindow = defaultWindowBytes;
  #initialWindow = defaultWindowBytes;
  #pendingBytes = 0;
  #countedBytes = 0;
  /** Frames of answers, since the connection began. */
  #answerFrames = 0;
  /** Of these, what had to wait. */
  #takenFrames = 0;
  /** Streams that have something to send and a window for it. */
  readonly #ready = new Set<ServerStream>();
  #isPumping = false;

  /**
   * @param unsentBytes what was taken of `output` and is not yet with the system
   * @param sent the whole answer of a stream is in `output`
   */
  constructor(
    limits: Http2Limits,
    unsentBytes: () => number,
    sent: (stream: ServerStream) => void,
  ) {
    this.#limits = limits;
    this.#unsentBytes = unsentBytes;
    this.#sent = sent;
  }

  /** What flow control and a slow network keep back, of all streams. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Whether that is too much. One large answer alone never is: others may still be asked for. */
  get isOverloaded(): boolean {
    return this.#countedBytes > this.#limits.maxPendingBytes;
  }

  get answerFrames(): number {
    return this.#answerFrames;
  }

  /** Frames of what was pending that could be sent, since the connection began. */
  get takenFrames(): number {
    return this.#takenFrames;
  }

  /** Of a stream that begins now. */
  get initialWindow(): number {
    return this.#initialWindow;
  }

  send(stream: ServerStream, message: Uint8Array): boolean {
    if (!stream.hasHeaders) {
      stream.hasHeaders = true;
      this.#block(stream, this.encoder.headers(), Flag.endHeaders);
    }
    const length = messagePrefixBytes + message.length;
    if (stream.pending === null && length <= dataFrameBytes && length <= this.#room(stream)) {
      this.output.frameHeader(length, FrameType.data, 0, stream.id);
      this.output.byte(0);
      this.output.uint32(message.length);
      this.output.append(message);
      this.#spend(stream, length);
      return true;
    }
    const prefix = Buffer.alloc(messagePrefixBytes);
    prefix.writeUInt32BE(message.length, 1);
    stream.pending ??= [];
    stream.pending.push(prefix);
    if (message.length > 0) stream.pending.push(message);
    return this.#keep(stream, length);
  }

  /** The header fields of an answer that is no gRPC. */
  respond(stream: ServerStream, status: number, fields: HeaderFields): void {
    stream.hasHeaders = true;
    this.#block(stream, this.encoder.response(status, fields), Flag.endHeaders);
  }

  /** Some of its body. */
  write(stream: ServerStream, bytes: Uint8Array): boolean {
    stream.pending ??= [];
    stream.pending.push(bytes);
    return this.#keep(stream, bytes.length);
  }

  finish(stream: ServerStream, status: CallStatus | null): void {
    stream.isFinished = true;
    stream.status = status;
    if (stream.pending === null) this.#end(stream);
  }

  /** Forgets what the stream had still to send. */
  drop(stream: ServerStream): void {
    this.#count(stream, -stream.pendingBytes);
    stream.pending = null;
    this.#ready.delete(stream);
  }

  /** @returns false when the window would be larger than it can be */
  growConnectionWindow(bytes: number): boolean {
    this.#connectionWindow += bytes;
    return this.#connectionWindow <= maxWindowBytes;
  }

  /** @returns false when the window would be larger than it can be */
  growWindow(stream: ServerStream, bytes: number): boolean {
    stream.sendWindow += bytes;
    if (stream.sendWindow > 0 && stream.pending !== null) this.#ready.add(stream);
    return stream.sendWindow <= maxWindowBytes;
  }

  /** @returns false when a window would be larger than it can be */
  setInitialWindow(bytes: number, streams: Iterable<ServerStream>): boolean {
    const change = bytes - this.#initialWindow;
    this.#initialWindow = bytes;
    let isValid = true;
    for (const stream of streams) isValid = this.growWindow(stream, change) && isValid;
    return isValid;
  }

  /** Sends what may be sent now. */
  pump(): void {
    // Whoever is told `drained` sends more; the loop that is under way gets to it.
    if (this.#isPumping) return;
    this.#isPumping = true;
    for (const stream of this.#ready) {
      if (stream.sendWindow > 0 && this.#room(stream) <= 0) break;
      // If it is put back it is behind the others.
      this.#ready.delete(stream);
      if (stream.sendWindow <= 0) continue;
      this.#sendPending(stream);
      if (stream.pending !== null) this.#ready.add(stream);
    }
    this.#isPumping = false;
  }

  /** @param length of what was put into `pending` */
  #keep(stream: ServerStream, length: number): boolean {
    this.#count(stream, length);
    if (stream.sendWindow > 0) this.#ready.add(stream);
    this.pump();
    stream.isWaiting ||= stream.pendingBytes > this.#limits.streamPendingBytes;
    return !stream.isWaiting;
  }

  #room(stream: ServerStream): number {
    const unsentBytes = this.output.bytes + this.#unsentBytes();
    if (unsentBytes >= this.#limits.maxUnsentBytes) return 0;
    return Math.min(stream.sendWindow, this.#connectionWindow);
  }

  #spend(stream: ServerStream, bytes: number): void {
    stream.sendWindow -= bytes;
    this.#connectionWindow -= bytes;
    this.#answerFrames++;
  }

  #count(stream: ServerStream, bytes: number): void {
    const most = this.#limits.maxPendingBytes / 4;
    const before = Math.min(stream.pendingBytes, most);
    stream.pendingBytes += bytes;
    this.#pendingBytes += bytes;
    this.#countedBytes += Math.min(stream.pendingBytes, most) - before;
  }

  /** One frame. */
  #sendPending(stream: ServerStream): void {
    const pending = stream.pending as Uint8Array[];
    const length = Math.min(stream.pendingBytes, dataFrameBytes, this.#room(stream));
    this.output.frameHeader(length, FrameType.data, 0, stream.id);
    this.#spend(stream, length);
    this.#count(stream, -length);
    this.#takenFrames++;
    let done = 0;
    for (let left = length; left > 0; ) {
      const piece = pending[done] as Uint8Array;
      const part = piece.subarray(stream.pendingAt, stream.pendingAt + left);
      this.output.append(part);
      left -= part.length;
      stream.pendingAt += part.length;
      if (stream.pendingAt < piece.length) break;
      stream.pendingAt = 0;
      done++;
    }
    pending.splice(0, done);
    if (stream.pendingBytes > 0) return;
    stream.pending = null;
    if (stream.isFinished) this.#end(stream);
    else if (stream.isWaiting) {
      stream.isWaiting = false;
      stream.receiver.drained();
    }
  }

  #end(stream: ServerStream): void {
    const { status, hasHeaders } = stream;
    const flags = Flag.endHeaders | Flag.endStream;
    if (status === null && hasHeaders) this.#block(stream, this.encoder.success(), flags);
    else if (status === bodyEnd) {
      this.output.frameHeader(0, FrameType.data, Flag.endStream, stream.id);
    } else {
      const trailers = this.encoder.trailers(status ?? { code: 0, message: '' }, !hasHeaders);
      this.#block(stream, trailers, flags);
    }
    this.#sent(stream);
  }

  #block(stream: ServerStream, block: Buffer, flags: number): void {
    this.#answerFrames++;
    this.output.frameHeader(block.length, FrameType.headers, flags, stream.id);
    this.output.append(block);
  }
}
