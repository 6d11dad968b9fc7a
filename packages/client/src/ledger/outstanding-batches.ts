import type { ClientError } from '../client-error.ts';

/** A batch on its way, from when it was given until it has its outcome. */
export interface OutstandingBatch {
  /** Its number in the session. */
  sequence: number;
  readonly kind: 'transfers' | 'accounts';
  readonly bytes: Uint8Array;
  readonly deadlineMs: number;
  /** Not sent before. */
  sendAtMs: number;
  /** Refusals in a row. */
  refusals: number;
  /** It is on the present stream, and not answered. */
  isInFlight: boolean;
  /** It was sent at some time: it may have been carried out. */
  wasSent: boolean;
  readonly fulfil: (results: Uint8Array) => void;
  readonly reject: (error: ClientError) => void;
}

/** What a stream and a session let a client have under way. */
export interface FlightLimits {
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  /** Sequences run ahead of the lowest without an answer by less than this. */
  readonly maxWindow: number;
}

/** The batches of one client that have no outcome yet, by their sequence, ascending. */
export class OutstandingBatches {
  readonly #batches = new Map<number, OutstandingBatch>();
  #nextSequence = 1;
  #inFlight = 0;
  #inFlightBytes = 0;

  get count(): number {
    return this.#batches.size;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** All below have their outcome. */
  get acknowledgedBelow(): number {
    const [lowest] = this.#batches.keys();
    return lowest ?? this.#nextSequence;
  }

  add(batch: Omit<OutstandingBatch, 'sequence'>): void {
    const sequence = this.#nextSequence++;
    this.#batches.set(sequence, { ...batch, sequence });
  }

  of(sequence: number): OutstandingBatch | undefined {
    return this.#batches.get(sequence);
  }

  /** @returns the next that may be sent now, which then counts as sent; null: none */
  take(nowMs: number, limits: FlightLimits): OutstandingBatch | null {
    if (this.#inFlight >= limits.maxInFlight) return null;
    const end = this.acknowledgedBelow + limits.maxWindow;
    for (const one of this.#batches.values()) {
      if (one.sequence >= end) return null;
      if (one.isInFlight || one.sendAtMs > nowMs) continue;
      const bytes = this.#inFlightBytes + one.bytes.length;
      if (this.#inFlight > 0 && bytes > limits.maxInFlightBytes) return null;
      this.#inFlight += 1;
      this.#inFlightBytes = bytes;
      one.isInFlight = true;
      one.wasSent = true;
      return one;
    }
    return null;
  }

  /** It was answered: until then it counts as under way, also when nobody waits for it any more. */
  land(batch: OutstandingBatch): void {
    if (!batch.isInFlight) return;
    batch.isInFlight = false;
    this.#inFlight -= 1;
    this.#inFlightBytes -= batch.bytes.length;
  }

  /** It was answered, and will be sent again. */
  again(batch: OutstandingBatch, sendAtMs: number): void {
    this.land(batch);
    batch.refusals += 1;
    batch.sendAtMs = sendAtMs;
  }

  /** It was answered, and that is its outcome. */
  end(batch: OutstandingBatch): void {
    this.land(batch);
    this.#batches.delete(batch.sequence);
  }

  /** The stream is gone: all are to be sent again, at once. */
  grounded(): void {
    this.#inFlight = 0;
    this.#inFlightBytes = 0;
    for (const one of this.#batches.values()) {
      one.isInFlight = false;
      one.sendAtMs = 0;
    }
  }

  /** The session is gone. Those that were never sent stay, under numbers of the next one. */
  takeSent(): readonly OutstandingBatch[] {
    const all = this.takeAll();
    this.#nextSequence = 1;
    for (const one of all) if (!one.wasSent) this.#batches.set(this.#renumber(one), one);
    return all.filter(({ wasSent }) => wasSent);
  }

  /** @returns all of them, which are none of this any more */
  takeAll(): readonly OutstandingBatch[] {
    const all = [...this.#batches.values()];
    this.#batches.clear();
    return all;
  }

  /** Whose time is over; in the order of their deadlines, which is that of their sequences. */
  takeLate(nowMs: number): readonly OutstandingBatch[] {
    const late: OutstandingBatch[] = [];
    for (const one of this.#batches.values()) if (one.deadlineMs <= nowMs) late.push(one);
    for (const { sequence } of late) this.#batches.delete(sequence);
    return late;
  }

  /** When one may be sent, or is late; infinity: nothing to wait for. */
  nextMs(nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const one of this.#batches.values()) {
      nextMs = Math.min(nextMs, one.deadlineMs);
      if (!one.isInFlight && one.sendAtMs > nowMs) nextMs = Math.min(nextMs, one.sendAtMs);
    }
    return nextMs;
  }

  #renumber(batch: OutstandingBatch): number {
    batch.sequence = this.#nextSequence++;
    return batch.sequence;
  }
}
