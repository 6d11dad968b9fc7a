import type { ByteReader, ByteWriter } from '@quorate/base';

/**
 * What bounds the sessions of one group. Part of the replicated state: an empty state begins with
 * what the options say, so they must be equal on all replicas from the first entry on; afterwards
 * a snapshot carries them, and only a `setLimits` command changes them, on all replicas at once.
 */
export interface SessionLimits {
  /** Open at a time. One more is refused; no live session ever makes room for another. */
  readonly maxSessions: number;
  /**
   * How far sequence numbers may run ahead of what the client has acknowledged, and so how many
   * answers of a session are remembered at most.
   */
  readonly maxWindow: number;
  /** A larger encoded answer is not remembered, only that its command was applied. */
  readonly maxAnswerBytes: number;
  /**
   * A session that remembers so much gets only its oldest unacknowledged command applied. What it
   * remembers stays below this and two answers.
   */
  readonly maxSessionBytes: number;
  /** Asked for less, this is granted. At least four steps, so that no single step does harm. */
  readonly minTtlMs: number;
  /** Asked for more, this is granted. */
  readonly maxTtlMs: number;
  /** Session time moves by at most this from one entry to the next, whatever their stamps say. */
  readonly maxStepMs: number;
}

/** What `openNode` gives every group: at most about 4096 sessions of 64 KiB of answers. */
export const defaultSessionLimits: SessionLimits = {
  maxSessions: 4096,
  maxWindow: 256,
  maxAnswerBytes: 4096,
  maxSessionBytes: 64 * 1024,
  minTtlMs: 10_000,
  maxTtlMs: 24 * 60 * 60 * 1000,
  maxStepMs: 2500,
};

/** Beyond these no limits go, so that one session always fits one piece of a snapshot. */
export const hardLimits = {
  maxSessions: 1_000_000,
  maxWindow: 4096,
  maxAnswerBytes: 64 * 1024,
  maxSessionBytes: 256 * 1024,
  maxTtlMs: 7 * 24 * 60 * 60 * 1000,
} as const;

const minSteps = 4;

/** @returns what is wrong with them, naming the field; null when they can be used */
export function sessionLimitsProblem(limits: SessionLimits): string | null {
  const { maxSessions, maxWindow, maxAnswerBytes, maxSessionBytes } = limits;
  const { minTtlMs, maxTtlMs, maxStepMs } = limits;
  return (
    outside('maxSessions', maxSessions, 1, hardLimits.maxSessions) ??
    outside('maxWindow', maxWindow, 1, hardLimits.maxWindow) ??
    outside('maxAnswerBytes', maxAnswerBytes, 0, hardLimits.maxAnswerBytes) ??
    outside('maxSessionBytes', maxSessionBytes, maxAnswerBytes, hardLimits.maxSessionBytes) ??
    outside('maxStepMs', maxStepMs, 1, hardLimits.maxTtlMs / minSteps) ??
    outside('minTtlMs', minTtlMs, minSteps * maxStepMs, hardLimits.maxTtlMs) ??
    outside('maxTtlMs', maxTtlMs, minTtlMs, hardLimits.maxTtlMs)
  );
}

function outside(field: string, value: number, low: number, high: number): string | null {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return null;
  return `${field} is ${value}, not an integer from ${low} to ${high}`;
}

export function writeSessionLimits(writer: ByteWriter, limits: SessionLimits): void {
  writer.varint(limits.maxSessions);
  writer.varint(limits.maxWindow);
  writer.varint(limits.maxAnswerBytes);
  writer.varint(limits.maxSessionBytes);
  writer.varint(limits.minTtlMs);
  writer.varint(limits.maxTtlMs);
  writer.varint(limits.maxStepMs);
}

/** Not yet checked by `sessionLimitsProblem`. */
export function readSessionLimits(reader: ByteReader): SessionLimits {
  return {
    maxSessions: reader.varint(),
    maxWindow: reader.varint(),
    maxAnswerBytes: reader.varint(),
    maxSessionBytes: reader.varint(),
    minTtlMs: reader.varint(),
    maxTtlMs: reader.varint(),
    maxStepMs: reader.varint(),
  };
}

/**
 * The time to live that is granted: within the limits, then rounded up to one of eight steps an
 * octave (10,000 to 10,240). So sessions fall into few lists, each in the order of expiry.
 */
export function grantedTtlMs(askedMs: number, { minTtlMs, maxTtlMs }: SessionLimits): number {
  return roundedTtlMs(Math.min(Math.max(askedMs, minTtlMs), maxTtlMs));
}

/** Whether some limits could have granted it. */
export function isGrantedTtl(ttlMs: number): boolean {
  return ttlMs > 0 && ttlMs <= roundedTtlMs(hardLimits.maxTtlMs) && roundedTtlMs(ttlMs) === ttlMs;
}

function roundedTtlMs(ttlMs: number): number {
  const step = 1 << Math.max(0, 28 - Math.clz32(ttlMs));
  return Math.ceil(ttlMs / step) * step;
}
