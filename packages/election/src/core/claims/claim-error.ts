import type { Position } from './position.ts';

/**
 * - `notNewer`: the position is not above the watermark by the rules of its kind.
 * - `otherDigest`: this very position was claimed for something else, and is refused for ever.
 * - `olderToken`: a newer fencing token has been seen for the key.
 * - `floorNeeded`: the token is of a newer restore generation than the key's floor. What was signed
 *   before the restore may not be known here, so an operator has to give a floor.
 * - `tooManyKeys`: there is no room for another key.
 */
export type ClaimRefusal =
  | 'notNewer'
  | 'otherDigest'
  | 'olderToken'
  | 'floorNeeded'
  | 'tooManyKeys';

/** By code: what an ElectionError knows that comes from claims. */
export interface ClaimErrorMetadata {
  /**
   * Do not sign. `watermark` is what the claim lost to, null when there is none; `token` is the
   * newest that the key has seen.
   */
  CLAIM_REFUSED: {
    readonly reason: ClaimRefusal;
    readonly position: Position;
    readonly watermark: Position | null;
    readonly token: bigint;
  };
  /** An argument cannot be; `field` is its path (`position.slot`). Nothing was proposed. */
  CLAIM_INVALID: { readonly field: string; readonly reason: string };
  /** `field` is the path in the text (`data[3].signed_blocks[0].slot`). Nothing was proposed. */
  CLAIM_IMPORT_REFUSED: { readonly field: string; readonly reason: string };
  /** Not one whole snapshot of claims; `offset` counts from its start. */
  CLAIM_SNAPSHOT_INVALID: { readonly offset: number; readonly reason: string };
  /** A signer's own watermark is not what was written. */
  CLAIM_WATERMARK_CORRUPT: { readonly file: string; readonly reason: string };
  /** A signer's own watermark cannot be used or made durable: nothing may be signed. */
  CLAIM_WATERMARK_UNAVAILABLE: { readonly file: string; readonly reason: string };
}
