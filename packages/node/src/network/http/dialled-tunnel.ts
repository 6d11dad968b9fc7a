import { randomBytes, randomInt } from 'node:crypto';
import type { Connection, ConnectionHandlers, Timer } from '@quorate/base';
import { formatAddress } from '@quorate/base';
import { timers } from '../../time/timers.ts';
import { connectError, networkReason } from '../network-failure.ts';
import type { Exchange, HttpAnswer, HttpRoute } from './http-exchange.ts';
import { exchange } from './http-exchange.ts';
import type { HttpNetworkLimits } from './http-limits.ts';
import { TunnelEnd } from './tunnel-end.ts';
import {
  decodeFrame,
  encodeFrame,
  headBytes,
  maxReasonBytes,
  reasonBytes,
  reasonOf,
  type TunnelFrame,
} from './tunnel-frame.ts';

const retryPauseMs = { first: 20, longest: 1_000 } as const;
/** A poll that failed after it was held so long was probably held too long for a proxy. */
const shortestHoldMs = 1_000;
/** A poll that was answered with nothing within this time was not held. */
const earlyMs = 50;

/**
 * `send` carries bytes there and is answered at once; the answer to a `poll` waits for bytes to
 * carry back. There is never more than one of each under way, so that neither direction's bytes can
 * overtake each other, and each request says what is missing.
 */
type Lane = 'send' | 'poll';

interface LaneState {
  exchange: Exchange | null;
  /** Before the next try. */
  pause: Timer | null;
  /** Since when no request on it was answered. */
  failingSinceMs: number | null;
  failures: number;
}

function idleLane(): LaneState {
  return { exchange: null, pause: null, failingSinceMs: null, failures: 0 };
}

/** What a request was sent with. */
interface Sent {
  readonly lane: Lane;
  readonly number: number;
  readonly atMs: number;
  /** Of the bytes in it, in the stream. */
  readonly end: number;
}

/** The end that makes the requests. A request without an answer is made again. */
class DialledTunnel {
  readonly end: TunnelEnd;
  readonly #route: HttpRoute;
  readonly #limits: HttpNetworkLimits;
  readonly #token: string;
  readonly #lanes: Readonly<Record<Lane, LaneState>> = { send: idleLane(), poll: idleLane() };
  #number = 1;
  #isWaking = false;
  #holdMs: number;
  /** Polls in a row that were answered at once with nothing. */
  #idlePolls = 0;

  constructor(
    route: HttpRoute,
    limits: HttpNetworkLimits,
    token: string,
    handlers: ConnectionHandlers,
  ) {
    this.#route = route;
    this.#limits = limits;
    this.#token = token;
    this.#holdMs = limits.holdMs;
    this.end = new TunnelEnd(formatAddress(route.address), limits.maxQueuedBytes, {
      wake: () => this.#wake(),
      over: (reason, isTold) => this.#over(reason, isTold),
    });
    this.end.attach(handlers);
  }

  start(): void {
    this.#poll();
  }

  /** What is written in one turn goes in one request. */
  #wake(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    timers.defer(() => {
      this.#isWaking = false;
      this.#send();
    });
  }

  #send(): void {
    const { outgoing } = this.end;
    if (outgoing.length === 0 || !this.#isFree('send')) return;
    const offset = outgoing.start;
    const data = outgoing.read(offset, this.#limits.maxBodyBytes);
    this.#request('send', encodeFrame({ kind: 'send', offset, ...this.#head() }, data), 0);
  }

  #poll(): void {
    if (!this.#isFree('poll')) return;
    const holdMs = this.#holdMs;
    const offset = this.end.outgoing.start;
    this.#request('poll', encodeFrame({ kind: 'poll', offset, holdMs, ...this.#head() }), holdMs);
  }

  #isFree(lane: Lane): boolean {
    const { exchange: underWay, pause } = this.#lanes[lane];
    return !this.end.isOver && underWay === null && pause === null;
  }

  #head(): Pick<TunnelFrame, 'number' | 'acknowledged' | 'token'> {
    this.#number += 1;
    return { number: this.#number, acknowledged: this.end.received, token: this.#token };
  }

  #request(lane: Lane, body: Buffer, holdMs: number): void {
    const { answerTimeoutMs, maxBodyBytes } = this.#limits;
    const bounds = {
      timeoutMs: holdMs + answerTimeoutMs,
      maxAnswerBytes: headBytes + maxBodyBytes,
    };
    const sent: Sent = {
      lane,
      number: this.#number,
      atMs: performance.now(),
      end: this.end.outgoing.start + body.length - headBytes,
    };
    this.#lanes[lane].exchange = exchange(this.#route, body, bounds, (error, answer) => {
      this.#lanes[lane].exchange = null;
      if (this.end.isOver) return;
      const frame = answer === null ? networkReason(error as Error) : readAnswer(answer);
      if (typeof frame === 'string') this.#failed(sent, frame);
      else this.#answered(sent, frame);
    });
  }

  #answered(sent: Sent, frame: TunnelFrame): void {
    if (frame.kind !== 'bytes') {
      const said = reasonOf(frame);
      this.end.finish(`the peer ended the connection${said === '' ? '' : `: ${said}`}`, true);
      return;
    }
    if (frame.number !== sent.number) {
      this.#failed(sent, 'the answer is one to another request');
      return;
    }
    if (!this.end.acknowledged(frame.acknowledged)) return;
    if (this.end.outgoing.start < sent.end) {
      this.#failed(sent, 'what was sent is not acknowledged');
      return;
    }
    if (!this.end.receive(frame.offset, frame.data)) {
      this.end.finish('bytes of the other side are missing and will not come again', false);
      return;
    }
    Object.assign(this.#lanes[sent.lane], { failingSinceMs: null, failures: 0 });
    if (sent.lane === 'poll') this.#pollAgain(sent, frame);
    this.#send();
  }

  /** At once, unless something in between answers polls without holding them. */
  #pollAgain(sent: Sent, frame: TunnelFrame): void {
    const isEarly = performance.now() - sent.atMs < earlyMs;
    this.#idlePolls = frame.data.length === 0 && isEarly ? this.#idlePolls + 1 : 0;
    if (this.#idlePolls < 3) this.#poll();
    else this.#after('poll', pauseMs(this.#idlePolls));
  }

  /** Nothing is known of what became of the request. */
  #failed(sent: Sent, reason: string): void {
    const nowMs = performance.now();
    const lane = this.#lanes[sent.lane];
    const { retryForMs } = this.#limits;
    lane.failures += 1;
    lane.failingSinceMs ??= nowMs;
    if (nowMs - lane.failingSinceMs >= retryForMs) {
      this.end.finish(`no request was answered for ${retryForMs} ms: ${reason}`, false);
      return;
    }
    const waitedMs = nowMs - sent.atMs;
    if (sent.lane === 'poll' && waitedMs >= shortestHoldMs) {
      const shorterMs = Math.floor(Math.min(this.#holdMs, waitedMs) / 2);
      this.#holdMs = Math.min(this.#holdMs, Math.max(shortestHoldMs, shorterMs));
    }
    this.#after(sent.lane, pauseMs(lane.failures));
  }

  #after(lane: Lane, delayMs: number): void {
    this.#lanes[lane].pause = timers.after(delayMs, () => {
      this.#lanes[lane].pause = null;
      if (lane === 'send') this.#send();
      else this.#poll();
    });
  }

  #over(reason: string, isTold: boolean): void {
    for (const lane of Object.values(this.#lanes)) {
      lane.exchange?.cancel();
      lane.pause?.cancel();
    }
    if (isTold) return;
    // As well as it goes: a side that does not hear of it notices the silence.
    const body = encodeFrame({ kind: 'close', ...this.#head() }, [reasonBytes(reason)]);
    const { connectTimeoutMs } = this.#limits;
    const bounds = { timeoutMs: connectTimeoutMs, maxAnswerBytes: headBytes + maxReasonBytes };
    exchange(this.#route, body, bounds, () => undefined);
  }
}

function pauseMs(failures: number): number {
  const { first, longest } = retryPauseMs;
  const doubled = Math.min(longest, first * 2 ** Math.min(failures, 10));
  return randomInt(doubled / 2, doubled + 1);
}

/** @returns the frame, or why the answer is none of a tunnel's */
function readAnswer({ status, body }: HttpAnswer): TunnelFrame | string {
  const frame = decodeFrame(body);
  if (typeof frame !== 'string') {
    const { kind } = frame;
    if (kind === 'opened' || kind === 'bytes' || kind === 'closed' || kind === 'refused') {
      return frame;
    }
  }
  const meaning = statusMeanings.get(status) ?? 'not an answer of a tunnel';
  return `${meaning} (status ${status})`;
}

const statusMeanings: ReadonlyMap<number, string> = new Map([
  [404, 'what answers there has no tunnel at this path'],
  [413, 'a proxy in between lets no such body pass: lower limits.maxBodyBytes on all nodes'],
  [429, 'too many requests at once'],
  [502, 'the proxy in between does not reach the node'],
  [503, 'it takes no more at the moment'],
  [504, 'the proxy in between got no answer in time'],
]);

export interface DialOptions {
  readonly route: Omit<HttpRoute, 'path'>;
  /** Without the id. */
  readonly path: string;
  readonly limits: HttpNetworkLimits;
}

/** Opens a tunnel, as `Network.connect` has it. */
export function dialTunnel(
  { route, path, limits }: DialOptions,
  handlers: ConnectionHandlers,
  done: (error: Error | null, connection: Connection | null) => void,
): void {
  const ownRoute = { ...route, path: `${path}/${randomBytes(16).toString('hex')}` };
  const bounds = {
    timeoutMs: limits.connectTimeoutMs,
    maxAnswerBytes: headBytes + maxReasonBytes,
  };
  const open = encodeFrame({ kind: 'open', number: 1 });
  exchange(ownRoute, open, bounds, (error, answer) => {
    if (answer === null) {
      done(connectError(route.address, error as Error), null);
      return;
    }
    const frame = readAnswer(answer);
    if (typeof frame === 'string' || frame.kind !== 'opened') {
      const reason = typeof frame === 'string' ? frame : reasonOf(frame);
      done(connectError(route.address, new Error(reason)), null);
      return;
    }
    const tunnel = new DialledTunnel(ownRoute, limits, frame.token, handlers);
    done(null, tunnel.end);
    tunnel.start();
  });
}
