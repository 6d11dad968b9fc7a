import type { ClaimRefusal } from './claim-error.ts';
import type { Position, PositionKind } from './position.ts';

/** A key's name: a public key, or whatever names it. */
export const maxKeyBytes = 128;
/** Of all claims of one group. None is ever forgotten, so this bounds its memory. */
export const maxKeys = 16_384;
/** What is signed is named by a hash of this size. */
export const digestBytes = 32;
/** An Ed25519 signature has 64 bytes, a BLS signature of Ethereum 96. */
export const maxSignatureBytes = 512;

/** As the election gives them out: the 16 bits above are the restore generation. */
const generationShift = 48n;

/** The restore generation in the high bits of a fencing token. */
export function generationOf(token: bigint): number {
  return Number(token >> generationShift);
}

/** The first fencing token of a restore generation. */
export function firstTokenOf(generation: number): bigint {
  return BigInt(generation) << generationShift;
}

/** May `digest` be signed at `position`, under leadership `token`? */
export interface ClaimCommand {
  readonly kind: 'claim';
  readonly key: Uint8Array;
  readonly position: Position;
  readonly digest: Uint8Array;
  readonly token: bigint;
}

/** What came of a claim, to be answered when it is repeated. */
export interface StoredCommand {
  readonly kind: 'stored';
  readonly key: Uint8Array;
  readonly position: Position;
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * An operator's word that nothing above `position` was signed outside of these claims. `generation`
 * is the restore generation that it is given for; 0: none.
 */
export interface RaiseFloorCommand {
  readonly kind: 'raiseFloor';
  readonly key: Uint8Array;
  readonly position: Position;
  readonly generation: number;
}

export type ClaimsCommand = ClaimCommand | StoredCommand | RaiseFloorCommand;

/** Refused: do not sign. */
export interface ClaimRefusedResult {
  readonly kind: 'refused';
  readonly reason: ClaimRefusal;
  readonly watermark: Position | null;
  /** The newest that the key has seen; 0 for a key that is not known. */
  readonly token: bigint;
}

/** What applying one command answers. */
export type ClaimsResult =
  /** This digest, and no other, may be signed at this position, now or at any time. */
  | { readonly kind: 'sign' }
  /** As `sign`, and this was stored as the signature. */
  | { readonly kind: 'signed'; readonly signature: Uint8Array }
  | ClaimRefusedResult
  /** Of `stored`: it was, unless another was stored before, which then stays. */
  | { readonly kind: 'stored' }
  /** Of `stored`: the watermark is another claim, or has moved on. */
  | { readonly kind: 'notStored'; readonly watermark: Position | null }
  /** Of `raiseFloor`: where the watermark is now. */
  | { readonly kind: 'raised'; readonly watermark: Position }
  /** The command cannot be read. Nothing was changed. */
  | { readonly kind: 'malformed'; readonly reason: string };

/**
 * The highest position of one kind that was claimed, or is a floor: a floor has no digest, so its
 * own position is refused too. Never written to.
 */
export interface Watermark {
  readonly position: Position;
  readonly digest: Uint8Array | null;
  /** Only beside a digest. */
  readonly signature: Uint8Array | null;
  /** The restore generation for which its floor was given. */
  readonly generation: number;
}

/** All that is known of one key. Never written to: what changes is replaced. */
export interface KeyClaims {
  readonly key: Uint8Array;
  /** The newest fencing token that a claim has come with. */
  readonly token: bigint;
  readonly watermarks: Readonly<Record<PositionKind, Watermark | null>>;
}
