import { randomBytes } from 'node:crypto';
import type { Connection, ConnectionHandlers, Timer } from '@quorate/base';
import { timers } from '../../time/timers.ts';
import type { HttpNetworkLimits } from './http-limits.ts';
import { TunnelEnd } from './tunnel-end.ts';
import { encodeFrame, reasonBytes, reasonOf, type TunnelFrame } from './tunnel-frame.ts';

/** How long one that has ended is kept to say so, when nobody has asked yet. */
const lingerMs = 5_000;

/** Where the answer to one request goes. */
export interface Responder {
  /** Called at most once. */
  answer(status: number, body: Buffer): void;
  /** The asker is gone before it was answered. */
  onGone(callback: () => void): void;
}

export interface TunnelRoomPart {
  readonly limits: HttpNetworkLimits;
  readonly accept: (connection: Connection) => ConnectionHandlers;
  /** The connection is over; the tunnel may stay a while to say why. */
  readonly ended: (tunnel: AcceptedTunnel) => void;
  /** It can be forgotten. */
  readonly gone: (tunnel: AcceptedTunnel) => void;
}

interface HeldPoll {
  readonly frame: TunnelFrame;
  readonly responder: Responder;
  readonly timer: Timer;
}

/**
 * The end that answers. It becomes a connection when a request shows the token that was drawn for
 * it: a copy of an old `open` that was under way for long makes none, and copies of what followed
 * it do not fit.
 */
export class AcceptedTunnel {
  readonly id: string;
  readonly #token = randomBytes(16).toString('hex');
  readonly #part: TunnelRoomPart;
  readonly #end: TunnelEnd;
  #state: 'offered' | 'open' | 'over' = 'offered';
  #reason = '';
  #held: HeldPoll | null = null;
  /** The highest number of a request so far. */
  #number = 0;
  #isWaking = false;
  #timer: Timer;

  constructor(id: string, remote: string, part: TunnelRoomPart) {
    this.id = id;
    this.#part = part;
    this.#end = new TunnelEnd(remote, part.limits.maxQueuedBytes, {
      wake: () => this.#wake(),
      over: (reason, isTold) => this.#over(reason, isTold),
    });
    this.#timer = timers.after(part.limits.connectTimeoutMs, () => this.#forget());
  }

  /** Whether it is somebody's connection, or may become it. */
  get state(): 'offered' | 'open' | 'over' {
    return this.#state;
  }

  handle(frame: TunnelFrame, responder: Responder): void {
    if (frame.kind === 'open') {
      this.#offer(frame, responder);
      return;
    }
    if (frame.token !== this.#token) {
      responder.answer(404, refusal(frame.number, 'the connection is of another time'));
      return;
    }
    if (this.#state === 'offered') this.#accept();
    if (this.#state === 'open') this.#take(frame, responder);
    else this.#sayOver(frame, responder);
  }

  #offer(frame: TunnelFrame, responder: Responder): void {
    const { number } = frame;
    if (this.#state === 'offered') {
      responder.answer(200, encodeFrame({ kind: 'opened', number, token: this.#token }));
    } else {
      responder.answer(409, refusal(number, 'the connection is open already'));
    }
  }

  #accept(): void {
    this.#state = 'open';
    this.#awaitRequest(0);
    this.#end.attach(this.#part.accept(this.#end));
  }

  #take(frame: TunnelFrame, responder: Responder): void {
    // A copy, or one that was overtaken: its asker may be gone, so it is given no bytes.
    const isLate = frame.number <= this.#number;
    this.#number = Math.max(this.#number, frame.number);
    this.#awaitRequest(0);
    if (frame.kind === 'close') {
      this.#end.finish(closeReason(frame), true);
    } else if (this.#end.acknowledged(frame.acknowledged)) {
      if (!this.#end.receive(frame.offset, frame.data)) {
        this.#end.finish('bytes of the other side are missing and will not come again', false);
      }
    }
    if (this.#end.isOver) this.#sayOver(frame, responder);
    else if (frame.kind === 'poll' && !isLate) this.#hold(frame, responder);
    else this.#answer(frame, responder, false);
  }

  #hold(frame: TunnelFrame, responder: Responder): void {
    const older = this.#letGo();
    if (older !== null) this.#answer(older.frame, older.responder, false);
    const holdMs = Math.min(frame.holdMs, this.#part.limits.holdMs);
    if (holdMs === 0 || this.#end.outgoing.length > 0) {
      this.#answer(frame, responder, true);
      return;
    }
    const timer = timers.after(holdMs, () => this.#answerHeld());
    const held = { frame, responder, timer };
    this.#held = held;
    this.#awaitRequest(holdMs);
    responder.onGone(() => {
      if (this.#held === held) this.#letGo();
    });
  }

  /** What is written in one turn goes in one answer. */
  #wake(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    timers.defer(() => {
      this.#isWaking = false;
      // A poll that came meanwhile may have taken it along.
      if (this.#end.outgoing.length > 0) this.#answerHeld();
    });
  }

  #answerHeld(): void {
    const held = this.#letGo();
    if (held !== null) this.#answer(held.frame, held.responder, true);
  }

  #letGo(): HeldPoll | null {
    const held = this.#held;
    this.#held = null;
    held?.timer.cancel();
    if (held !== null) this.#awaitRequest(0);
    return held;
  }

  /**
   * Only the newest poll is given bytes, from the first that its asker lacks: it has no other
   * request under way in whose answer they might be.
   */
  #answer(frame: TunnelFrame, responder: Responder, withBytes: boolean): void {
    const { outgoing, received } = this.#end;
    const { number } = frame;
    const offset = outgoing.start;
    const data = withBytes ? outgoing.read(offset, this.#part.limits.maxBodyBytes) : [];
    const head = { kind: 'bytes', number, offset, acknowledged: received } as const;
    responder.answer(200, encodeFrame(withBytes ? head : { ...head, offset: 0 }, data));
  }

  #awaitRequest(holdMs: number): void {
    if (this.#state === 'over') return;
    const { silenceMs } = this.#part.limits;
    this.#timer.cancel();
    this.#timer = timers.after(holdMs + silenceMs, () =>
      this.#end.finish(`no request came for ${silenceMs} ms`, false),
    );
  }

  #over(reason: string, isTold: boolean): void {
    const held = this.#letGo();
    this.#state = 'over';
    this.#reason = reason;
    this.#timer.cancel();
    this.#timer = timers.after(lingerMs, () => this.#forget());
    if (held !== null) this.#sayOver(held.frame, held.responder);
    else if (isTold) this.#forget();
    this.#part.ended(this);
  }

  #sayOver(frame: TunnelFrame, responder: Responder): void {
    const head = { kind: 'closed', number: frame.number } as const;
    responder.answer(200, encodeFrame(head, [reasonBytes(this.#reason)]));
    this.#forget();
  }

  #forget(): void {
    this.#state = 'over';
    this.#timer.cancel();
    this.#part.gone(this);
  }
}

export function refusal(number: number, reason: string): Buffer {
  return encodeFrame({ kind: 'refused', number }, [reasonBytes(reason)]);
}

function closeReason(frame: TunnelFrame): string {
  const said = reasonOf(frame);
  return `the peer ended the connection${said === '' ? '' : `: ${said}`}`;
}
