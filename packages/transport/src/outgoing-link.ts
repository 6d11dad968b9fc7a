import type { Address, Connection, LogFields, Timer } from '@quorate/base';
import type { GroupId, NodeId, PeerMessage } from '@quorate/schema';
import { frameHeaderBytes } from './frame-parser.ts';
import {
  adviceOn,
  encodeHandshake,
  greetingOf,
  type Handshake,
  HandshakeReader,
  judgeAnswer,
  Lane,
  laneNames,
} from './handshake.ts';
import type { LinkEnvironment } from './link-environment.ts';
import type { PeerMetrics } from './link-metrics.ts';
import { SendQueue } from './send-queue.ts';

export interface OutgoingLinkOptions {
  readonly peer: NodeId;
  readonly lane: Lane;
  /** Asked for each attempt; undefined when the peer's address is not known at the moment. */
  readonly address: () => Address | undefined;
  readonly metrics: PeerMetrics;
  readonly up: () => void;
  readonly down: () => void;
}

/** One try to reach the peer, from dialling to the end of the connection. */
interface Attempt {
  readonly greeting: Handshake;
  readonly answer: HandshakeReader;
  connection: Connection | null;
  isUp: boolean;
  upSinceMs: number;
  /** The network has enough for now: wait for `drained`. */
  isBlocked: boolean;
  unansweredPings: number;
}

const handshakeReason = 'handshake: ';
const ping = new Uint8Array(frameHeaderBytes);

/**
 * Keeps one connection to one peer for what this node has to say on one lane, and dials again,
 * with growing pauses, whenever it ends. Each event carries the attempt it belongs to: what comes
 * late from an attempt that was given up is ignored.
 *
 * Pings are here because TCP alone takes up to minutes to try again after a partition: its pauses
 * between retransmissions double all the while. A new connection is there at once.
 */
export class OutgoingLink {
  readonly #environment: LinkEnvironment;
  readonly #options: OutgoingLinkOptions;
  readonly #queue: SendQueue;
  #attempt: Attempt | null = null;
  /** Guards the phase the attempt is in, or the pause before the next one. */
  #timer: Timer | null = null;
  /** Null: not between two attempts. */
  #dialAtMs: number | null = null;
  #failures = 0;
  #wasUp = false;

  constructor(environment: LinkEnvironment, options: OutgoingLinkOptions) {
    const { limits, checksum, encodedEntries } = environment;
    const isBulk = options.lane === Lane.bulk;
    this.#environment = environment;
    this.#options = options;
    this.#queue = new SendQueue(
      {
        maxFrameBytes: limits.maxFrameBytes,
        flushFrameBytes: limits.flushFrameBytes,
        maxBytes: isBulk ? limits.bulkQueueBytes : limits.controlQueueBytes,
        maxMessages: isBulk ? limits.bulkQueueMessages : limits.controlQueueMessages,
      },
      checksum,
      encodedEntries,
    );
  }

  get isUp(): boolean {
    return this.#attempt?.isUp === true;
  }

  start(): void {
    this.#dial();
  }

  /**
   * The peer has just reached this node: it is there, so a long pause before the next attempt is
   * cut short. The shortest one stays, as only one of the two directions may be open.
   */
  peerIsThere(): void {
    const { clock, limits } = this.#environment;
    const soonMs = clock.monotonicMs() + limits.reconnectMinMs;
    if (this.#dialAtMs === null || this.#dialAtMs <= soonMs) return;
    this.#dialIn(limits.reconnectMinMs);
  }

  /** @returns false when the message was dropped */
  send(group: GroupId, message: PeerMessage): boolean {
    const attempt = this.#attempt;
    if (attempt === null || !attempt.isUp) {
      this.#options.metrics.dropped(1);
      return false;
    }
    const outcome = this.#queue.push(group, message, attempt.connection?.queuedBytes ?? 0);
    if (outcome === 'queued') return true;
    this.#options.metrics.dropped(1);
    const { peer, lane } = this.#options;
    const fields = { peer, lane: laneNames[lane], message: message.type, reason: outcome };
    this.#environment.log.warn(`${peer} ${lane} ${outcome}`, 'peer message dropped', fields);
    return false;
  }

  flush(): void {
    const attempt = this.#attempt;
    if (attempt === null || !attempt.isUp || attempt.isBlocked) return;
    const messages = this.#queue.messages;
    if (messages === 0) return;
    const bytes = this.#queue.bytes;
    const frames = this.#queue.take();
    this.#options.metrics.sent(messages, bytes);
    if (attempt.connection?.write(frames) === false) attempt.isBlocked = true;
  }

  close(): void {
    const connection = this.#attempt?.connection;
    this.#attempt = null;
    this.#dialAtMs = null;
    this.#timer?.cancel();
    this.#queue.clear();
    connection?.close('this node is closing');
  }

  #dialIn(delayMs: number): void {
    const { clock, timers } = this.#environment;
    this.#timer?.cancel();
    this.#dialAtMs = clock.monotonicMs() + delayMs;
    this.#timer = timers.after(delayMs, () => this.#dial());
  }

  #dial(): void {
    const { network, timers, limits, self, checksum } = this.#environment;
    const { peer, lane, address } = this.#options;
    const attempt: Attempt = {
      greeting: greetingOf(self, peer, lane),
      answer: new HandshakeReader(checksum),
      connection: null,
      isUp: false,
      upSinceMs: 0,
      isBlocked: false,
      unansweredPings: 0,
    };
    this.#attempt = attempt;
    this.#dialAtMs = null;
    const target = address();
    if (target === undefined) {
      this.#end(attempt, 'the address of the peer is not known');
      return;
    }
    this.#timer = timers.after(limits.connectTimeoutMs, () =>
      this.#end(attempt, `no connection within ${limits.connectTimeoutMs} ms`),
    );
    network.connect(
      target,
      {
        data: (chunk) => this.#data(attempt, chunk),
        drained: () => this.#drained(attempt),
        closed: (reason) => this.#end(attempt, reason),
      },
      (error, connection) => this.#connected(attempt, error, connection),
    );
  }

  #connected(attempt: Attempt, error: Error | null, connection: Connection | null): void {
    if (this.#attempt !== attempt) {
      connection?.close('given up before it was there');
      return;
    }
    if (connection === null) {
      this.#end(attempt, error?.message ?? 'connection failed');
      return;
    }
    const { timers, limits, checksum } = this.#environment;
    attempt.connection = connection;
    this.#timer?.cancel();
    this.#timer = timers.after(limits.handshakeTimeoutMs, () =>
      this.#end(attempt, `no handshake within ${limits.handshakeTimeoutMs} ms`),
    );
    connection.write([encodeHandshake(attempt.greeting, checksum)]);
  }

  #data(attempt: Attempt, chunk: Uint8Array): void {
    if (this.#attempt !== attempt) return;
    let pongs = chunk;
    if (!attempt.isUp) {
      pongs = chunk.subarray(attempt.answer.push(chunk));
      const answer = attempt.answer.result;
      if (answer === null) return;
      const refusal = typeof answer === 'string' ? answer : judgeAnswer(answer, attempt.greeting);
      if (refusal !== null) {
        this.#end(attempt, handshakeReason + refusal, {
          remote: attempt.connection?.remote ?? '',
          ...adviceOn(refusal),
        });
        return;
      }
      this.#up(attempt);
      if (this.#attempt !== attempt) return;
    }
    if (pongs.some((byte) => byte !== 0)) {
      this.#end(attempt, 'the peer sent something other than answers to pings');
    } else if (pongs.length > 0) {
      attempt.unansweredPings = 0;
    }
  }

  #up(attempt: Attempt): void {
    const { clock, log } = this.#environment;
    const { peer, lane, metrics } = this.#options;
    attempt.isUp = true;
    attempt.upSinceMs = clock.monotonicMs();
    if (this.#wasUp) metrics.reconnected();
    this.#wasUp = true;
    const remote = attempt.connection?.remote ?? '';
    log.info(`${peer} ${lane}`, 'peer link up', { peer, lane: laneNames[lane], remote });
    this.#awaitPing(attempt);
    this.#options.up();
  }

  #awaitPing(attempt: Attempt): void {
    const { timers, limits } = this.#environment;
    this.#timer?.cancel();
    this.#timer = timers.after(limits.pingIntervalMs, () => this.#ping(attempt));
  }

  /**
   * Counts intervals, not time: after a pause of this very process the timer comes before the
   * answers that wait in the socket, and must not take the peer for dead.
   */
  #ping(attempt: Attempt): void {
    const { limits } = this.#environment;
    const missable = limits.missedPings * (this.#options.lane === Lane.bulk ? 4 : 1);
    if (attempt.unansweredPings >= missable) {
      this.#end(attempt, `${missable} pings in a row were not answered`);
      return;
    }
    attempt.unansweredPings += 1;
    this.#awaitPing(attempt);
    if (attempt.connection?.write([ping]) === false) attempt.isBlocked = true;
  }

  #drained(attempt: Attempt): void {
    if (this.#attempt !== attempt) return;
    attempt.isBlocked = false;
    this.flush();
  }

  #end(attempt: Attempt, reason: string, more: LogFields = {}): void {
    if (this.#attempt !== attempt) return;
    const { log } = this.#environment;
    const { peer, lane, metrics, down } = this.#options;
    this.#attempt = null;
    metrics.dropped(this.#queue.messages);
    this.#queue.clear();
    const retryInMs = this.#pauseMs(attempt);
    this.#dialIn(retryInMs);
    const fields = { peer, lane: laneNames[lane], reason, ...more, retryInMs };
    // Other reasons quote the network and may differ each time: they share one key.
    const kind = reason.startsWith(handshakeReason) ? reason : '';
    log.warn(`${peer} ${kind}`, 'peer link down', fields);
    attempt.connection?.close(reason);
    if (attempt.isUp) down();
  }

  #pauseMs(attempt: Attempt): number {
    const { clock, limits, prng } = this.#environment;
    const { healthyMs, reconnectMinMs, reconnectMaxMs } = limits;
    if (attempt.isUp && clock.monotonicMs() - attempt.upSinceMs >= healthyMs) this.#failures = 0;
    const doubled = reconnectMinMs * 2 ** Math.min(this.#failures + 1, 20);
    const high = Math.min(reconnectMaxMs, doubled);
    this.#failures += 1;
    return prng.between(Math.max(reconnectMinMs, Math.floor(high / 2)), high);
  }
}
