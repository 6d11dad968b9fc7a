import { ByteReader, ByteReaderError, type Connection, type Timer } from '@quorate/base';
import {
  type DecodedPeerMessage,
  decodePeerMessage,
  type NodeId,
  type PeerMessage,
  SchemaError,
} from '@quorate/schema';
import { AnsweringConnection } from './enquiry/answering-connection.ts';
import type { EnquiryHandler } from './enquiry/enquiry.ts';
import { FrameParser, frameHeaderBytes } from './frame-parser.ts';
import {
  adviceOn,
  commonVersion,
  encodeHandshake,
  greetingOf,
  type Handshake,
  HandshakeReader,
  judgeGreeting,
  Lane,
  laneNames,
  type Refusal,
  refusalNumber,
} from './handshake.ts';
import type { LinkEnvironment } from './link-environment.ts';
import type { PeerMetrics } from './link-metrics.ts';

/** What an accepted connection asks of the room it is in. */
export interface IncomingRoom {
  readonly isPeer: (id: NodeId) => boolean;
  readonly metricsOf: (peer: NodeId) => PeerMetrics;
  readonly greeted: (peer: NodeId, incarnation: number) => void;
  /** The handshake is done: from now on this is the peer's connection on that lane. */
  readonly opened: (connection: IncomingConnection, peer: NodeId, lane: Lane) => void;
  readonly message: (from: NodeId, group: number, message: PeerMessage) => void;
  /** Null: this node answers no enquiries. */
  readonly enquired: EnquiryHandler | null;
  /** The handshake of an enquirer is done. @returns false when there are too many */
  readonly openedEnquiry: (connection: IncomingConnection) => boolean;
  /** Called once. */
  readonly ended: (connection: IncomingConnection) => void;
}

interface Source {
  readonly peer: NodeId;
  readonly lane: Lane;
  readonly metrics: PeerMetrics;
}

const pong = new Uint8Array(frameHeaderBytes);
/** Whoever pings and does not read must not make us hold more than this for it. */
const maxQueuedPongBytes = 4096;

/**
 * One accepted connection: greeting, answer, then frames until something is wrong with one.
 * After `end` nothing it brings is delivered.
 */
export class IncomingConnection {
  readonly #environment: LinkEnvironment;
  readonly #room: IncomingRoom;
  readonly #connection: Connection;
  readonly #greeting: HandshakeReader;
  readonly #parser: FrameParser;
  #source: Source | null = null;
  #timer: Timer | null = null;
  #answering: AnsweringConnection | null = null;
  #state: 'greeting' | 'refused' | 'open' | 'ended' = 'greeting';

  constructor(environment: LinkEnvironment, room: IncomingRoom, connection: Connection) {
    const { checksum, limits, timers } = environment;
    this.#environment = environment;
    this.#room = room;
    this.#connection = connection;
    this.#greeting = new HandshakeReader(checksum);
    this.#parser = new FrameParser(checksum, limits.maxFrameBytes);
    this.#timer = timers.after(limits.handshakeTimeoutMs, () => this.#handshakeTimeout());
  }

  data(chunk: Uint8Array): void {
    let rest = chunk;
    if (this.#state === 'greeting') {
      rest = chunk.subarray(this.#greeting.push(chunk));
      this.#judge();
    }
    if (this.#state !== 'open' || rest.length === 0) return;
    if (this.#answering === null) this.#frames(rest);
    else this.#answering.data(rest);
  }

  /** Closes the connection, if it is not closed, and forgets it. Idempotent. */
  end(reason: string): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#timer?.cancel();
    this.#answering?.close();
    this.#room.ended(this);
    this.#connection.close(reason);
  }

  #handshakeTimeout(): void {
    if (this.#state === 'greeting') this.#log('handshake timeout', {});
    this.end('no handshake in time');
  }

  #judge(): void {
    const greeting = this.#greeting.result;
    if (greeting === null) return;
    if (greeting === 'wrongMagic') {
      this.#log(greeting, {});
      this.end(greeting);
      return;
    }
    if (greeting === 'damagedHandshake') {
      this.#refuse(greeting, null);
      return;
    }
    const { self } = this.#environment;
    const refusal = judgeGreeting(greeting, self, this.#room.isPeer);
    if (refusal !== null) this.#refuse(refusal, greeting);
    else if (greeting.lane === Lane.enquiry) this.#openEnquiry(greeting);
    else this.#open(greeting);
  }

  #openEnquiry(greeting: Handshake): void {
    const handler = this.#room.enquired;
    if (handler === null) {
      this.#refuse('unknownLane', greeting);
      return;
    }
    this.#timer?.cancel();
    this.#state = 'open';
    if (!this.#room.openedEnquiry(this)) {
      this.end('too many enquirers');
      return;
    }
    this.#answering = new AnsweringConnection(this.#environment, {
      connection: this.#connection,
      handler,
      end: (reason) => this.end(reason),
    });
    this.#answer(greeting, 0, commonVersion(greeting, this.#environment.self));
  }

  #open(greeting: Handshake): void {
    this.#timer?.cancel();
    this.#state = 'open';
    const peer = greeting.from;
    const lane = greeting.lane as Lane;
    this.#source = { peer, lane, metrics: this.#room.metricsOf(peer) };
    this.#room.opened(this, peer, lane);
    this.#room.greeted(peer, greeting.incarnation);
    this.#answer(greeting, 0, commonVersion(greeting, this.#environment.self));
  }

  /** The answer tells the other side why; it closes then, or the timer does. */
  #refuse(
    refusal: Exclude<Refusal, 'wrongMagic' | 'unknownRefusal'>,
    greeting: Handshake | null,
  ): void {
    this.#state = 'refused';
    this.#log(refusal, {
      from: greeting?.from ?? null,
      to: greeting?.to ?? null,
      cluster: greeting?.clusterId ?? null,
      ...adviceOn(refusal),
    });
    this.#answer(greeting, refusalNumber(refusal), 0);
  }

  #answer(greeting: Handshake | null, refusal: number, version: number): void {
    const { self, checksum } = this.#environment;
    const base = greetingOf(self, greeting?.from ?? 0, 0);
    const answer = { ...base, lane: greeting?.lane ?? 0, refusal, version };
    this.#connection.write([encodeHandshake(answer, checksum)]);
  }

  #frames(chunk: Uint8Array): void {
    this.#source?.metrics.received(0, chunk.length);
    const fault = this.#parser.push(chunk, this.#take);
    if (fault !== null) this.#fault(fault.offset, fault.reason);
  }

  readonly #take = (payload: Uint8Array): boolean => this.#payload(payload);

  /** @returns false when the connection has ended meanwhile */
  #payload(payload: Uint8Array): boolean {
    if (payload.length === 0) {
      if (this.#connection.queuedBytes < maxQueuedPongBytes) this.#connection.write([pong]);
      return this.#state === 'open';
    }
    const reader = new ByteReader(payload);
    let messages = 0;
    while (this.#state === 'open' && !reader.atEnd) {
      const decoded = this.#decode(reader);
      if (decoded === null) break;
      messages += 1;
      this.#room.message(decoded.message.from, decoded.group, decoded.message);
    }
    this.#source?.metrics.received(messages, 0);
    return this.#state === 'open';
  }

  /** @returns the next message of the frame, or null after a fault that ended the connection */
  #decode(reader: ByteReader): DecodedPeerMessage | null {
    const peer = this.#source?.peer;
    const { nodeId } = this.#environment.self;
    try {
      const decoded = decodePeerMessage(reader.bytes());
      const { from, to } = decoded.message;
      if (from === peer && to === nodeId) return decoded;
      const reason = `a message from ${from} to ${to} came from ${peer} to ${nodeId}`;
      this.#fault(this.#parser.frameOffset, reason);
    } catch (error) {
      if (!(error instanceof SchemaError) && !(error instanceof ByteReaderError)) throw error;
      this.#fault(this.#parser.frameOffset, error.message);
    }
    return null;
  }

  #fault(offset: number, reason: string): void {
    const { log } = this.#environment;
    const peer = this.#source?.peer ?? 0;
    const lane = laneNames[this.#source?.lane ?? 0];
    const fields = { peer, lane, remote: this.#connection.remote, offset, reason };
    log.warn(`${peer} ${lane}`, 'peer connection broken', fields);
    this.end(reason);
  }

  #log(reason: string, fields: Readonly<Record<string, string | number | null>>): void {
    const remote = this.#connection.remote;
    this.#environment.log.warn(reason, 'peer connection refused', { reason, remote, ...fields });
  }
}
