// Long because: every frame of RFC 9113 has its few lines here, and all share the same fields.
import type { Share } from '../../limits/shared-limit.ts';
import type { CallStatus } from './call-status.ts';
import { FrameReader, type FrameTaker } from './frame-reader.ts';
import { HeaderBlock } from './header-block.ts';
import { HpackDecoder } from './hpack/hpack-decoder.ts';
import { KeepAlive } from './keep-alive.ts';
import type { Http2Limits } from './limits.ts';
import {
  clientPreface,
  defaultHeaderTableBytes,
  ErrorCode,
  Flag,
  FrameType,
  readUint32,
} from './protocol.ts';
import { RequestHead } from './request-head.ts';
import { SendSide } from './send-side.ts';
import { type HeaderFields, nobody, ServerStream, type StreamOwner } from './server-stream.ts';
import { greet, readSettings } from './settings.ts';
import { StallWatch } from './stall-watch.ts';
import { TokenBucket } from './token-bucket.ts';

/** What a connection is part of. */
export interface ConnectionHost {
  /** `takeOutput` has something, or the connection is over. Not called again before it is taken. */
  outputReady(): void;
  /** What was taken and is not yet with the system. */
  unsentBytes(): number;
  /** Its part of what all connections together may hold. */
  readonly shares: ConnectionShares;
  /**
   * A request begins: its stream's `receiver` is to be set, or it is to be finished.
   *
   * @param head of this request while the call lasts
   */
  begin(stream: ServerStream, head: RequestHead): void;
}

export interface ConnectionShares {
  /** Bytes that are not yet with the system. */
  readonly answers: Share;
  /** Bytes of frames, header fields and messages that are not complete. */
  readonly requests: Share;
  /** Calls that are open, or still run. */
  readonly calls: Share;
}

/** Calls that come and go by ones and twos are not worth counting among all. */
const countedCalls = 16;

/** Window updates that no answer gave cause for. */
const spareWindowUpdates = 10_000;

const tooLargeHead: CallStatus = { code: 8, message: 'header list too large', httpStatus: 431 };

/**
 * The server's side of one HTTP/2 connection (RFC 9113): bytes in, calls and bytes out. It knows no
 * socket and no clock. Whatever comes in, it ends in the events of some valid connection, or with
 * GOAWAY or RST_STREAM that names the error.
 */
export class ServerConnection implements StreamOwner, FrameTaker {
  readonly #host: ConnectionHost;
  readonly #limits: Http2Limits;
  readonly #frames = new FrameReader();
  readonly #decoder = new HpackDecoder(defaultHeaderTableBytes);
  readonly #head = new RequestHead();
  readonly #sending: SendSide;
  readonly #streams = new Map<number, ServerStream>();
  readonly #keepAlive: KeepAlive;
  readonly #resets: TokenBucket;
  readonly #idleFrames: TokenBucket;
  readonly #beganMs: number;
  #nowMs: number;
  #prefaceLength = 0;
  #hasSettings = false;
  #block: HeaderBlock | null = null;
  #receiveWindow: number;
  /** The highest that the client has used, and the highest that was accepted. */
  #highestStream = 0;
  #lastStream = 0;
  #requests = 0;
  #windowUpdates = 0;
  #answeredAtPing = 0;
  readonly #stall: StallWatch;
  /** RST_STREAM for what had ended. */
  #lateResets = 0;
  #isGoingAway = false;
  #isOver = false;
  #isReady = false;
  #abandonedCalls = 0;
  #partialBytes = 0;

  /** @param nowMs on a clock that never goes back, as in all that follows */
  constructor(host: ConnectionHost, limits: Http2Limits, nowMs: number) {
    this.#host = host;
    this.#limits = limits;
    this.#sending = new SendSide(
      limits,
      () => host.unsentBytes(),
      (stream) => this.#answered(stream),
    );
    this.#keepAlive = new KeepAlive(limits, nowMs);
    this.#stall = new StallWatch(limits, nowMs);
    this.#resets = new TokenBucket(limits.resetBurst, limits.resetsPerSecond);
    this.#idleFrames = new TokenBucket(limits.idleFrameBurst, limits.idleFramesPerSecond);
    this.#beganMs = nowMs;
    this.#nowMs = nowMs;
    this.#receiveWindow = limits.connectionWindowBytes;
    greet(this.#sending.output, limits);
  }

  /** Nothing is read any more, and no call is open: end it once all output is sent. */
  get isOver(): boolean {
    return this.#isOver || (this.#isGoingAway && this.#streams.size === 0);
  }

  /** Calls whose client has gone and that still run. They count as open. */
  get abandonedCalls(): number {
    return this.#abandonedCalls;
  }

  set abandonedCalls(calls: number) {
    this.#abandonedCalls = calls;
    this.#countCalls();
  }

  /** Of messages that are not complete, or not to be answered yet, in all streams. */
  get partialBytes(): number {
    return this.#partialBytes;
  }

  set partialBytes(bytes: number) {
    this.#partialBytes = bytes;
    this.#countParts();
  }

  /** Much waits to be sent. That is refused nothing while the client goes on taking it. */
  get isOverloaded(): boolean {
    return this.#sending.isOverloaded;
  }

  /** Much waits and nothing of it is taken, or all have too much that waits, and this one most. */
  refusesCalls(): boolean {
    const isStuck = this.isOverloaded && this.#stall.isStuck(this.#sending);
    return isStuck || this.#host.shares.answers.refuse();
  }

  /** There are too many parts of messages: of this connection, or of all and this one has most. */
  refusesParts(): boolean {
    return this.partialBytes > this.#limits.maxPartialBytes || this.#host.shares.requests.refuse();
  }

  /** @param chunk must not change any more: calls are given views of it */
  receive(chunk: Buffer, nowMs: number): void {
    if (this.#isOver) return;
    this.#nowMs = nowMs;
    this.#keepAlive.heard(nowMs);
    const rest = this.#prefaceLength < clientPreface.length ? this.#preface(chunk) : chunk;
    if (rest.length > 0) this.#frames.push(rest, this);
    this.#countParts();
    this.#announce();
  }

  /** In order, and once. */
  takeOutput(): readonly Buffer[] {
    this.#isReady = false;
    return this.#sending.output.take();
  }

  /** What was taken has reached the system, so there is room for more. */
  drained(): void {
    this.#sending.pump();
    this.countAnswers();
    this.#announce();
  }

  /** Counts what waits to be sent; to be called when the system has taken some of it. */
  countAnswers(): void {
    const { pendingBytes, output } = this.#sending;
    this.#host.shares.answers.set(pendingBytes + output.bytes + this.#host.unsentBytes());
  }

  /** To be called every second. */
  tick(nowMs: number): void {
    this.countAnswers();
    if (this.#isOver) return;
    this.#nowMs = nowMs;
    const { prefaceTimeoutMs } = this.#limits;
    const due = this.#keepAlive.due(nowMs);
    const isStalled = this.#stall.look(this.#sending, nowMs);
    if (due === 'ping') {
      this.#sending.output.frameHeader(8, FrameType.ping, 0, 0);
      this.#sending.output.append(Buffer.alloc(8));
    } else if (due === 'cut') this.#fail(ErrorCode.noError, 'ping timeout');
    else if (!this.#hasSettings && nowMs - this.#beganMs >= prefaceTimeoutMs) {
      this.#fail(ErrorCode.settingsTimeout, 'no SETTINGS');
    } else if (isStalled) this.#fail(ErrorCode.enhanceYourCalm, 'answers are not read');
    this.#announce();
  }

  /** Takes no more calls; those that are open go on. */
  goAway(): void {
    if (this.#isGoingAway || this.#isOver) return;
    this.#isGoingAway = true;
    this.#writeGoAway(ErrorCode.noError, '');
    this.#announce();
  }

  /** The connection is gone. */
  closed(): void {
    this.#isOver = true;
    this.#abortAll();
    const { answers, requests, calls } = this.#host.shares;
    for (const share of [answers, requests, calls]) share.close();
  }

  send(stream: ServerStream, message: Uint8Array): boolean {
    if (stream.isGone) return true;
    const wantsMore = this.#sending.send(stream, message);
    // The rest is counted once for all of a turn.
    if (stream.pending !== null) this.countAnswers();
    this.#announce();
    return wantsMore;
  }

  respond(stream: ServerStream, status: number, fields: HeaderFields): void {
    if (stream.isGone) return;
    this.#sending.respond(stream, status, fields);
    this.#announce();
  }

  write(stream: ServerStream, bytes: Uint8Array): boolean {
    if (stream.isGone) return true;
    const wantsMore = this.#sending.write(stream, bytes);
    this.countAnswers();
    this.#announce();
    return wantsMore;
  }

  finish(stream: ServerStream, status: CallStatus | null): void {
    if (stream.isGone) return;
    this.#sending.finish(stream, status);
    this.#announce();
  }

  /** Ends a stream without an answer. */
  reset(stream: ServerStream, code: ErrorCode): void {
    if (stream.isGone) return;
    this.#writeReset(stream.id, code);
    this.#abort(stream);
    this.#announce();
  }

  oversized(): void {
    this.#fail(ErrorCode.frameSizeError, 'frame too large');
  }

  frame(type: number, flags: number, id: number, payload: Buffer): boolean {
    if (this.#block !== null && type !== FrameType.continuation) {
      return this.#fail(ErrorCode.protocolError, 'a header block was not ended');
    }
    if (!this.#hasSettings && (type !== FrameType.settings || (flags & Flag.ack) !== 0)) {
      return this.#fail(ErrorCode.protocolError, 'SETTINGS do not come first');
    }
    switch (type) {
      case FrameType.data:
        return this.#data(flags, id, payload);
      case FrameType.headers:
        return this.#headers(flags, id, payload);
      case FrameType.continuation:
        return this.#continuation(flags, id, payload);
      case FrameType.windowUpdate:
        return this.#windowUpdate(id, payload);
      case FrameType.rstStream:
        return this.#rstStream(id, payload);
      case FrameType.settings:
        return this.#settings(flags, id, payload);
      case FrameType.ping:
        return this.#ping(flags, id, payload);
      case FrameType.goAway:
        if (id !== 0) return this.#fail(ErrorCode.protocolError, 'GOAWAY on a stream');
        // It will open no more streams: that needs nothing from us.
        return this.#countIdle();
      case FrameType.priority:
        if (id === 0) return this.#fail(ErrorCode.protocolError, 'PRIORITY without a stream');
        if (payload.length !== 5) return this.#fail(ErrorCode.frameSizeError, 'PRIORITY length');
        return this.#countIdle();
      case FrameType.pushPromise:
        return this.#fail(ErrorCode.protocolError, 'PUSH_PROMISE from a client');
      default:
        return this.#countIdle();
    }
  }

  #preface(chunk: Buffer): Buffer {
    const from = this.#prefaceLength;
    const length = Math.min(chunk.length, clientPreface.length - from);
    if (chunk.compare(clientPreface, from, from + length, 0, length) !== 0) {
      this.#fail(ErrorCode.protocolError, 'no HTTP/2 preface');
      return chunk.subarray(chunk.length);
    }
    this.#prefaceLength += length;
    return chunk.subarray(length);
  }

  #data(flags: number, id: number, payload: Buffer): boolean {
    if (this.#isIdle(id)) return this.#fail(ErrorCode.protocolError, 'DATA on an idle stream');
    const data = unpadded(flags, payload);
    if (data === null) return this.#fail(ErrorCode.protocolError, 'DATA padding');
    this.#receiveWindow -= payload.length;
    if (this.#receiveWindow < 0) return this.#fail(ErrorCode.flowControlError, 'window exceeded');
    const { connectionWindowBytes } = this.#limits;
    if (this.#receiveWindow <= connectionWindowBytes / 2) {
      this.#writeWindowUpdate(0, connectionWindowBytes - this.#receiveWindow);
      this.#receiveWindow = connectionWindowBytes;
    }
    const ends = (flags & Flag.endStream) !== 0;
    if (data.length === 0 && !ends && !this.#countIdle()) return false;
    const stream = this.#streams.get(id);
    // It was answered or reset while this was on its way.
    if (stream === undefined) return true;
    if (stream.isRemoteEnded) return this.#streamError(stream, ErrorCode.streamClosed);
    stream.receiveWindow -= payload.length;
    if (stream.receiveWindow < 0) return this.#streamError(stream, ErrorCode.flowControlError);
    if (ends) stream.isRemoteEnded = true;
    else this.#refill(stream);
    if (data.length > 0) stream.receiver.data(data);
    if (ends) stream.receiver.ended();
    return !this.#isOver;
  }

  /** Messages are taken as they come; what holds them back is `maxPartialBytes`. */
  #refill(stream: ServerStream): void {
    const { streamWindowBytes } = this.#limits;
    if (stream.receiveWindow > streamWindowBytes / 2) return;
    this.#writeWindowUpdate(stream.id, streamWindowBytes - stream.receiveWindow);
    stream.receiveWindow = streamWindowBytes;
  }

  #headers(flags: number, id: number, payload: Buffer): boolean {
    if ((id & 1) === 0) return this.#fail(ErrorCode.protocolError, 'HEADERS on a stream of ours');
    let block = unpadded(flags, payload);
    if (block === null) return this.#fail(ErrorCode.protocolError, 'HEADERS padding');
    if ((flags & Flag.priority) !== 0) {
      if (block.length < 5) return this.#fail(ErrorCode.frameSizeError, 'HEADERS length');
      block = block.subarray(5);
    }
    const ends = (flags & Flag.endStream) !== 0;
    if ((flags & Flag.endHeaders) !== 0) return this.#headerBlock(id, ends, block);
    this.#block = new HeaderBlock(id, ends, block, this.#limits);
    return true;
  }

  #continuation(flags: number, id: number, payload: Buffer): boolean {
    const block = this.#block;
    if (block === null || block.stream !== id) {
      return this.#fail(ErrorCode.protocolError, 'CONTINUATION of nothing');
    }
    const fault = block.add(payload);
    if (fault !== null) return this.#fail(fault.code, fault.reason);
    if ((flags & Flag.endHeaders) === 0) return true;
    this.#block = null;
    return this.#headerBlock(id, block.endsStream, block.whole);
  }

  #headerBlock(id: number, ends: boolean, block: Buffer): boolean {
    const head = this.#head;
    head.reset();
    // Also when nobody wants them: the tables of both sides have to stay the same.
    if (!this.#decoder.decode(block, head)) {
      return this.#fail(ErrorCode.compressionError, 'malformed header block');
    }
    if (id <= this.#highestStream) return this.#trailers(id, ends);
    this.#highestStream = id;
    // The client has been told that this one will not be processed, so it may try elsewhere.
    if (this.#isGoingAway) return this.#countIdle();
    this.#lastStream = id;
    this.#requests++;
    return this.#begin(id, ends);
  }

  #begin(id: number, ends: boolean): boolean {
    const { maxConcurrentStreams, maxHeaderListBytes, streamWindowBytes } = this.#limits;
    if (!this.#head.isRequest) return this.#refuseStream(id, ErrorCode.protocolError);
    const open = this.#streams.size + this.#abandonedCalls;
    if (
      open >= maxConcurrentStreams ||
      (open >= countedCalls && this.#host.shares.calls.refuse())
    ) {
      return this.#refuseStream(id, ErrorCode.refusedStream);
    }
    const stream = new ServerStream(id, this, this.#sending.initialWindow, streamWindowBytes);
    stream.isRemoteEnded = ends;
    this.#streams.set(id, stream);
    this.#countCalls();
    if (this.#head.bytes > maxHeaderListBytes) stream.finish(tooLargeHead);
    else this.#host.begin(stream, this.#head);
    if (ends) stream.receiver.ended();
    return !this.#isOver;
  }

  #trailers(id: number, ends: boolean): boolean {
    const stream = this.#streams.get(id);
    if (stream === undefined) return this.#countIdle();
    if (stream.isRemoteEnded) return this.#streamError(stream, ErrorCode.streamClosed);
    if (!ends || !this.#head.isTrailers) return this.#streamError(stream, ErrorCode.protocolError);
    stream.isRemoteEnded = true;
    stream.receiver.ended();
    return !this.#isOver;
  }

  #windowUpdate(id: number, payload: Buffer): boolean {
    if (payload.length !== 4) return this.#fail(ErrorCode.frameSizeError, 'WINDOW_UPDATE length');
    if (id !== 0 && this.#isIdle(id)) {
      return this.#fail(ErrorCode.protocolError, 'WINDOW_UPDATE on an idle stream');
    }
    const earned = 2 * (this.#sending.answerFrames + this.#requests) + spareWindowUpdates;
    if (++this.#windowUpdates > earned) {
      return this.#fail(ErrorCode.enhanceYourCalm, 'too many WINDOW_UPDATE frames');
    }
    const bytes = readUint32(payload, 0) & 0x7fff_ffff;
    const stream = this.#streams.get(id);
    if (bytes === 0) {
      if (id === 0) return this.#fail(ErrorCode.protocolError, 'WINDOW_UPDATE of nothing');
      if (stream !== undefined) return this.#streamError(stream, ErrorCode.protocolError);
    } else if (id === 0) {
      if (!this.#sending.growConnectionWindow(bytes)) {
        return this.#fail(ErrorCode.flowControlError, 'window overflow');
      }
    } else if (stream !== undefined && !this.#sending.growWindow(stream, bytes)) {
      return this.#streamError(stream, ErrorCode.flowControlError);
    }
    this.#sending.pump();
    return true;
  }

  #rstStream(id: number, payload: Buffer): boolean {
    if (payload.length !== 4) return this.#fail(ErrorCode.frameSizeError, 'RST_STREAM length');
    if (this.#isIdle(id))
      return this.#fail(ErrorCode.protocolError, 'RST_STREAM on an idle stream');
    const stream = this.#streams.get(id);
    // It was on its way when the answer was; no client has two for one call.
    if (stream === undefined) return ++this.#lateResets <= this.#requests || this.#countReset();
    // Whoever takes what is sent first goes no faster than that.
    const wasServed = stream.hasHeaders && stream.pending === null;
    this.#abort(stream);
    return wasServed || this.#countReset();
  }

  #settings(flags: number, id: number, payload: Buffer): boolean {
    if (id !== 0) return this.#fail(ErrorCode.protocolError, 'SETTINGS on a stream');
    this.#hasSettings = true;
    if ((flags & Flag.ack) !== 0) {
      if (payload.length > 0) return this.#fail(ErrorCode.frameSizeError, 'SETTINGS length');
      return this.#countIdle();
    }
    const settings = readSettings(payload);
    if ('code' in settings) return this.#fail(settings.code, settings.reason);
    const { headerTableBytes, initialWindowBytes } = settings;
    if (headerTableBytes !== null) this.#sending.encoder.setTableSize(headerTableBytes);
    if (
      initialWindowBytes !== null &&
      !this.#sending.setInitialWindow(initialWindowBytes, this.#streams.values())
    ) {
      return this.#fail(ErrorCode.flowControlError, 'window overflow');
    }
    this.#sending.output.frameHeader(0, FrameType.settings, Flag.ack, 0);
    this.#sending.pump();
    return this.#countIdle();
  }

  #ping(flags: number, id: number, payload: Buffer): boolean {
    if (id !== 0) return this.#fail(ErrorCode.protocolError, 'PING on a stream');
    if (payload.length !== 8) return this.#fail(ErrorCode.frameSizeError, 'PING length');
    if ((flags & Flag.ack) !== 0) return this.#countIdle();
    const { answerFrames } = this.#sending;
    const answered = answerFrames > this.#answeredAtPing;
    this.#answeredAtPing = answerFrames;
    if (!this.#keepAlive.allows(this.#nowMs, this.#streams.size > 0, answered)) {
      return this.#fail(ErrorCode.enhanceYourCalm, 'too_many_pings');
    }
    this.#sending.output.frameHeader(8, FrameType.ping, Flag.ack, 0);
    this.#sending.output.append(payload);
    return true;
  }

  /** Idle: never used, so nothing but HEADERS may come for it. Ours are, for we open none. */
  #isIdle(id: number): boolean {
    return (id & 1) === 0 || id > this.#highestStream;
  }

  #countIdle(): boolean {
    if (this.#idleFrames.take(this.#nowMs)) return true;
    return this.#fail(ErrorCode.enhanceYourCalm, 'too many frames that do nothing');
  }

  #countReset(): boolean {
    if (this.#resets.take(this.#nowMs)) return true;
    return this.#fail(ErrorCode.enhanceYourCalm, 'too many streams are reset');
  }

  #refuseStream(id: number, code: ErrorCode): boolean {
    this.#writeReset(id, code);
    return this.#countReset();
  }

  /** The client made us reset a stream: that costs as much as if it had done so itself. */
  #streamError(stream: ServerStream, code: ErrorCode): boolean {
    this.reset(stream, code);
    return this.#countReset();
  }

  #answered(stream: ServerStream): void {
    // The rest of the request is not wanted (RFC 9113, 8.1).
    if (!stream.isRemoteEnded) this.#writeReset(stream.id, ErrorCode.noError);
    this.#forget(stream);
  }

  #forget(stream: ServerStream): void {
    stream.isGone = true;
    this.#streams.delete(stream.id);
    this.#countCalls();
    if (this.isOver) this.#becomeReady();
  }

  #abort(stream: ServerStream): void {
    this.#sending.drop(stream);
    this.#forget(stream);
    const { receiver } = stream;
    stream.receiver = nobody;
    receiver.aborted();
  }

  #countCalls(): void {
    const open = this.#streams.size + this.#abandonedCalls;
    this.#host.shares.calls.set(open - (open % countedCalls));
  }

  #countParts(): void {
    const begun = this.#frames.heldBytes + (this.#block?.bytes ?? 0);
    this.#host.shares.requests.set(this.#partialBytes + begun);
  }

  #abortAll(): void {
    for (const stream of [...this.#streams.values()]) this.#abort(stream);
  }

  /** @returns false, for `frame` */
  #fail(code: ErrorCode, reason: string): false {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#writeGoAway(code, reason);
    this.#abortAll();
    this.#announce();
    return false;
  }

  #writeGoAway(code: ErrorCode, reason: string): void {
    const { output } = this.#sending;
    output.frameHeader(8 + reason.length, FrameType.goAway, 0, 0);
    output.uint32(this.#lastStream);
    output.uint32(code);
    output.append(Buffer.from(reason, 'latin1'));
  }

  #writeReset(id: number, code: ErrorCode): void {
    this.#sending.output.frameHeader(4, FrameType.rstStream, 0, id);
    this.#sending.output.uint32(code);
  }

  #writeWindowUpdate(id: number, bytes: number): void {
    this.#sending.output.frameHeader(4, FrameType.windowUpdate, 0, id);
    this.#sending.output.uint32(bytes);
  }

  #announce(): void {
    if (this.#sending.output.bytes > 0) this.#becomeReady();
  }

  #becomeReady(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#host.outputReady();
  }
}

/** @returns null when there is more padding than payload (RFC 9113, 6.1) */
function unpadded(flags: number, payload: Buffer): Buffer | null {
  if ((flags & Flag.padded) === 0) return payload;
  const [padding] = payload;
  if (padding === undefined || padding >= payload.length) return null;
  return payload.subarray(1, payload.length - padding);
}
