import type { NodeId, Term } from '@quorate/schema';

/** What a leader says of itself: an address, a version. In bytes. */
export const maxValueBytes = 4096;

/** The largest restore generation: tokens are of 64 bits, and it has the upper 16 (rule 16). */
export const maxGeneration = 0xffff;

/** What leases rest on, and so the same on every voter. */
export interface LeaseTerms {
  readonly electionTimeoutMs: number;
  /** `maxClockDrift` in millionths. */
  readonly clockDriftPpm: number;
}

/** One leadership, as the log knows it: the last that was granted. */
export interface ElectionRecord {
  /** Strictly increasing from one leadership to the next, for the life of the election. */
  readonly token: bigint;
  /** The Raft term in which it was granted; it ends with that term at the latest. */
  readonly term: Term;
  readonly leader: NodeId;
  /** Never changed once it is here; at most `maxValueBytes`. */
  readonly value: Uint8Array;
  /** What its leader goes by. */
  readonly lease: LeaseTerms;
  /** False once it was resigned. True does not say that its lease lasts: only its holder knows. */
  readonly held: boolean;
}

/**
 * Begins a leadership. Refused unless the log's own term at its entry is `term`: only the Raft
 * leader of that term can have put it there as such.
 */
export interface LeadCommand {
  readonly kind: 'lead';
  readonly leader: NodeId;
  readonly term: Term;
  /** Of the last restore from a backup, 0 before the first: tokens begin at its 2^48-fold. */
  readonly generation: number;
  readonly lease: LeaseTerms;
  readonly value: Uint8Array;
}

/** Replaces the value of the leadership `token`, as long as that is held and its term goes on. */
export interface ProclaimCommand {
  readonly kind: 'proclaim';
  readonly token: bigint;
  readonly value: Uint8Array;
}

/** Ends the leadership `token`, and no other. */
export interface ResignCommand {
  readonly kind: 'resign';
  readonly token: bigint;
}

/** What is in the log of an election. Bytes of each: see `encodeElectionCommand`. */
export type ElectionCommand = LeadCommand | ProclaimCommand | ResignCommand;

/**
 * - `malformed`: the bytes are no command, or of a version that is unknown here.
 * - `staleTerm`: by the time the command was in the log, its term was over.
 * - `staleToken`: another leadership was granted, or this one has ended.
 * - `tokensExhausted`: there is no larger token of 64 bits.
 */
export type ElectionRefusal = 'malformed' | 'staleTerm' | 'staleToken' | 'tokensExhausted';

/** What the state machine answers. */
export type ElectionResult =
  | { readonly outcome: 'led'; readonly token: bigint }
  | { readonly outcome: 'proclaimed' }
  | { readonly outcome: 'resigned' }
  | { readonly outcome: 'refused'; readonly reason: ElectionRefusal };
