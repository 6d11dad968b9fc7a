import type { Claim, Claims, SignOptions } from './claims.ts';
import type { LocalWatermark } from './local-watermark.ts';

/** Of an election whose nodes sign. */
export interface ElectionClaimsOptions {
  /**
   * Of this signer's own watermark, and not in `dataDir`: it is for the day on which that was
   * restored. Holds one small file; see `openLocalWatermark`.
   */
  readonly watermarkDir: string;
}

/**
 * Claims of an election's nodes, in a group beside the election's: on the same port and in the same
 * directory. Any node may claim; the leader needs no hop. What meets a change of leaders is asked
 * again for as long as the election's requests take, 2 s by default.
 */
export interface ElectionClaims extends Claims {
  /** This node's own watermark; closed with the election. Floors and imports raise it, too. */
  readonly local: LocalWatermark;
  /**
   * As `Claims.sign`, with the own watermark.
   *
   * @param claim its `token` is that of the leadership under which this signs
   */
  sign(
    claim: Claim,
    makeSignature: () => Uint8Array | Promise<Uint8Array>,
    options?: Partial<SignOptions>,
  ): Promise<Uint8Array>;
}
