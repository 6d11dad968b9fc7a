import type { LogIndex } from '@quorate/schema';
import type { SessionLimits } from './session-limits.ts';

const minNonceBytes = 8;
const maxNonceBytes = 32;

/** A nonce as a key of maps: one char a byte. */
export function nonceKey(nonce: Uint8Array): string {
  return String.fromCharCode(...nonce);
}

export function isNonceLength(length: number): boolean {
  return length === 0 || (length >= minNonceBytes && length <= maxNonceBytes);
}

/** What is remembered of one applied command. */
export interface RememberedAnswer {
  /** Of the entry that was applied. */
  readonly index: LogIndex;
  /** The encoded answer; null when it was too large to be kept, and while it is pending. */
  bytes: Uint8Array | null;
  /** It is in the batch that is being applied. */
  pending: boolean;
}

/** Sessions of one time to live, the one heard of longest ago first. */
export interface ContactList {
  readonly ttlMicros: number;
  oldest: Session | null;
  newest: Session | null;
}

/** Why a command that is not remembered may not be applied; or that it may. */
export type Admission = 'apply' | 'stale' | 'count' | 'bytes';

/** One client's session: what it has had applied and has not acknowledged yet. */
export class Session {
  readonly id: LogIndex;
  readonly ttlMs: number;
  /** As `nonceKey` gives it; empty when it was opened without. */
  readonly nonce: string;
  /** In session time. */
  contactMicros: number;
  acknowledgedBelow = 1;
  /** By sequence, in the order in which they were applied. */
  readonly answers: Map<number, RememberedAnswer> = new Map();
  /** Of all settled answers. */
  answerBytes = 0;
  list: ContactList | null = null;
  older: Session | null = null;
  newer: Session | null = null;
  #pending = 0;

  constructor(id: LogIndex, ttlMs: number, nonce: string, contactMicros: number) {
    this.id = id;
    this.ttlMs = ttlMs;
    this.nonce = nonce;
    this.contactMicros = contactMicros;
  }

  /** The client has what it asked for below `sequence`. */
  acknowledge(sequence: number): void {
    if (sequence <= this.acknowledgedBelow) return;
    // Sequences may have been left out, by any number of them.
    if (sequence - this.acknowledgedBelow <= this.answers.size) {
      for (let at = this.acknowledgedBelow; at < sequence; at++) this.#forget(at);
    } else {
      for (const at of this.answers.keys()) if (at < sequence) this.#forget(at);
    }
    this.acknowledgedBelow = sequence;
  }

  /** Whether what `admit` says may still hang on the size of a pending answer. */
  isUnsettled(limits: SessionLimits): boolean {
    if (this.#pending === 0) return false;
    return this.answerBytes + this.#pending * limits.maxAnswerBytes >= limits.maxSessionBytes;
  }

  /** For a sequence that is not remembered. */
  admit(sequence: number, limits: SessionLimits): Admission {
    if (sequence < this.acknowledgedBelow) return 'stale';
    // Or a client whose oldest command was lost could never acknowledge anything again.
    if (sequence === this.acknowledgedBelow) return 'apply';
    if (sequence >= this.acknowledgedBelow + limits.maxWindow) return 'count';
    return this.answerBytes >= limits.maxSessionBytes ? 'bytes' : 'apply';
  }

  /** The command is being applied: its answer follows by `settle`. */
  expectAnswer(sequence: number, index: LogIndex): RememberedAnswer {
    const answer: RememberedAnswer = { index, bytes: null, pending: true };
    this.answers.set(sequence, answer);
    this.#pending += 1;
    return answer;
  }

  settle(sequence: number, answer: RememberedAnswer, bytes: Uint8Array, maxBytes: number): void {
    this.#pending -= 1;
    answer.pending = false;
    // Acknowledged later in the same batch: whoever does that does not want it.
    if (this.answers.get(sequence) !== answer) return;
    if (bytes.length > maxBytes) return;
    answer.bytes = bytes;
    this.answerBytes += bytes.length;
  }

  /** Puts back what a snapshot holds, in the order in which it was applied. */
  restoreAnswer(sequence: number, index: LogIndex, bytes: Uint8Array | null): void {
    this.answers.set(sequence, { index, bytes, pending: false });
    this.answerBytes += bytes?.length ?? 0;
  }

  #forget(sequence: number): void {
    const answer = this.answers.get(sequence);
    if (answer === undefined) return;
    this.answers.delete(sequence);
    this.answerBytes -= answer.bytes?.length ?? 0;
  }
}
