import { concatBytes, type Prng } from '@quorate/base';

/**
 * What receivers are lent, one after another: nothing arrives while another arrival is being
 * handled. What does not fit gets a piece of its own.
 */
const lent = new Uint8Array(64 * 1024);
/** A receiver that keeps a view instead of a copy finds this in it. */
const spoilt = 0xdd;

/** What a pipe asks of the network it is part of. */
export interface PipeWorld {
  readonly prng: Prng;
  schedule(delayMs: number, callback: () => void): void;
  /** How long something sent now is under way; drawn anew each time. */
  latencyMs(from: number, to: number, bytesAhead: number): number;
  /** Nothing gets from `from` to `to` at the moment, and nothing says so. */
  isBlocked(from: number, to: number): boolean;
  /** The process of the node does not run at the moment: what arrives waits for it. */
  isPaused(node: number): boolean;
  /** Calls the process of a node, at once or when it is no longer paused. */
  call(node: number, callback: () => void): void;
}

/** The end of a pipe that receives. */
export interface PipeReceiver {
  readonly node: number;
  /** `dead`: its process is gone; who sends to it is told by a reset. */
  readonly reception: 'ready' | 'done' | 'dead';
  opened(): void;
  received(chunk: Uint8Array): void;
  ended(reason: string): void;
}

export interface PipeSender {
  readonly node: number;
  /** Fewer bytes wait than before. */
  progressed(): void;
  ended(reason: string): void;
}

type Segment =
  | { readonly kind: 'open'; isHere: boolean }
  | { readonly kind: 'bytes'; isHere: boolean; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; isHere: boolean; readonly reason: string; readonly isForced: boolean };

/**
 * One direction of a connection. What is written becomes readable in order, each piece no earlier
 * than its own latency; the chunks that arrive have nothing to do with those that were written.
 */
export class VirtualPipe {
  readonly #world: PipeWorld;
  readonly #sender: PipeSender;
  readonly #receiver: PipeReceiver;
  #segments: Segment[] = [];
  #waitingBytes = 0;
  #isEnded = false;

  constructor(world: PipeWorld, sender: PipeSender, receiver: PipeReceiver) {
    this.#world = world;
    this.#sender = sender;
    this.#receiver = receiver;
  }

  /** Bytes written and not delivered. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  open(): void {
    this.#send({ kind: 'open', isHere: false });
  }

  write(bytes: Uint8Array): void {
    if (this.#isEnded || bytes.length === 0) return;
    this.#waitingBytes += bytes.length;
    this.#send({ kind: 'bytes', isHere: false, bytes });
  }

  /** An orderly end after all that was written, or, as when a process exits, after some of it. */
  end(reason: string): void {
    if (this.#isEnded) return;
    if (this.#world.prng.chance(0.5)) this.#loseSuffix();
    this.#finish(reason, false);
  }

  /**
   * A reset: of the bytes under way a prefix arrives and the rest is lost.
   *
   * @param isForced the receiver learns of the end even while nothing gets through to it
   */
  cut(reason: string, isForced: boolean): void {
    if (this.#isEnded) return;
    this.#loseSuffix();
    this.#finish(reason, isForced);
  }

  /** The sender has nothing more to say; an end that is under way still arrives. */
  abandon(): void {
    if (!this.#isEnded) this.stop();
  }

  /** Whatever is under way is lost, silently. */
  stop(): void {
    this.#isEnded = true;
    this.#segments = [];
    this.#waitingBytes = 0;
  }

  /** Delivers what a partition or a pause has held up, some time after its end. */
  resume(): void {
    if (this.#segments.length === 0) return;
    const delayMs = this.#latencyMs();
    this.#world.schedule(delayMs, () => this.#deliver());
  }

  #finish(reason: string, isForced: boolean): void {
    this.#isEnded = true;
    this.#send({ kind: 'end', isHere: false, reason, isForced });
  }

  #loseSuffix(): void {
    let kept = this.#world.prng.below(this.#waitingBytes + 1);
    const segments: Segment[] = [];
    for (const segment of this.#segments) {
      if (segment.kind !== 'bytes') segments.push(segment);
      else if (kept > 0) {
        segments.push({ ...segment, bytes: segment.bytes.subarray(0, kept) });
        kept -= Math.min(kept, segment.bytes.length);
      }
    }
    // Their arrivals may be scheduled for the segments as they were: all count as arrived now.
    for (const segment of segments) segment.isHere = true;
    this.#segments = segments;
    this.#waitingBytes = bytesOf(segments);
  }

  #latencyMs(): number {
    return this.#world.latencyMs(this.#sender.node, this.#receiver.node, this.#waitingBytes);
  }

  #send(segment: Segment): void {
    this.#segments.push(segment);
    this.#arriveLater(segment);
  }

  #arriveLater(segment: Segment): void {
    this.#world.schedule(this.#latencyMs(), () => {
      segment.isHere = true;
      this.#deliver();
    });
  }

  #deliver(): void {
    for (;;) {
      const head = this.#segments[0];
      if (head === undefined || !head.isHere) return;
      const isBlocked = this.#world.isBlocked(this.#sender.node, this.#receiver.node);
      if (isBlocked && !this.#hasForcedEnd()) return;
      if (this.#world.isPaused(this.#receiver.node)) return;
      if (this.#receiver.reception !== 'ready') {
        this.#refuse();
        return;
      }
      if (head.kind === 'bytes') {
        this.#deliverChunk();
      } else {
        this.#segments.shift();
        if (head.kind === 'open') this.#receiver.opened();
        else this.#receiver.ended(head.reason);
      }
    }
  }

  #hasForcedEnd(): boolean {
    const last = this.#segments.at(-1);
    return last?.kind === 'end' && last.isForced;
  }

  #refuse(): void {
    const isDead = this.#receiver.reception === 'dead';
    this.stop();
    if (!isDead) return;
    const backMs = this.#world.latencyMs(this.#receiver.node, this.#sender.node, 0);
    this.#world.schedule(backMs, () =>
      this.#world.call(this.#sender.node, () => this.#sender.ended('connection reset by peer')),
    );
  }

  #deliverChunk(): void {
    const { prng } = this.#world;
    const here = this.#takeBytesHere();
    const size = prng.chance(0.6) ? here.length : prng.between(1, here.length);
    const isRestLate = size < here.length && prng.chance(0.5);
    if (size < here.length) {
      const rest: Segment = { kind: 'bytes', isHere: !isRestLate, bytes: here.subarray(size) };
      this.#segments.unshift(rest);
      if (isRestLate) this.#arriveLater(rest);
    }
    this.#waitingBytes -= size;
    const space = here.length <= lent.length ? lent : new Uint8Array(here.length);
    space.set(here);
    this.#receiver.received(space.subarray(0, size));
    space.fill(spoilt, 0, here.length);
    this.#sender.progressed();
  }

  #takeBytesHere(): Uint8Array {
    const segments = this.#segments;
    const head = segments[0];
    const next = segments[1];
    if (head?.kind === 'bytes' && (next?.kind !== 'bytes' || !next.isHere)) {
      segments.shift();
      return head.bytes;
    }
    const parts: Uint8Array[] = [];
    for (const segment of segments) {
      if (segment.kind !== 'bytes' || !segment.isHere) break;
      parts.push(segment.bytes);
    }
    segments.splice(0, parts.length);
    return parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(parts);
  }
}

function bytesOf(segments: readonly Segment[]): number {
  let bytes = 0;
  for (const segment of segments) if (segment.kind === 'bytes') bytes += segment.bytes.length;
  return bytes;
}
