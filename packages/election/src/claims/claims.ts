import type { Applied } from '@quorate/runtime';
import type { ClaimsMachine } from '../core/claims/claims-machine.ts';
import type {
  ClaimCommand,
  ClaimsResult,
  KeyClaims,
  RaiseFloorCommand,
  StoredCommand,
} from '../core/claims/claims-model.ts';
import type { Position } from '../core/claims/position.ts';
import type { PrivValidatorState } from '../core/claims/priv-validator-state.ts';
import type { LocalWatermark } from './local-watermark.ts';

/** What is to be signed with `key` under the leadership with fencing token `token`. */
export type Claim = Omit<ClaimCommand, 'kind'>;

/** A claim that came to a signature, of 1 to 512 bytes. */
export type SignedClaim = Omit<StoredCommand, 'kind'>;

/** A word of the operator's; `generation` left out: 0. */
export type GivenFloor = Omit<RaiseFloorCommand, 'kind' | 'generation'> & {
  readonly generation?: number;
};

/**
 * - `sign`: sign this digest at this position; nobody ever gets leave to sign another one there.
 * - `signed`: the same, and it has been done: this is the signature.
 */
export type ClaimAnswer =
  | { readonly kind: 'sign' }
  | { readonly kind: 'signed'; readonly signature: Uint8Array };

/** Ends the wait: RuntimeError RUNTIME_OUTCOME_UNKNOWN once the command was handed over. */
export interface ClaimCallOptions {
  readonly signal?: AbortSignal;
}

/** Of `sign`. */
export interface SignOptions extends ClaimCallOptions {
  /** This process's own, which is durable before the signature is handed out. */
  readonly local: LocalWatermark;
}

/** Of an import of slashing-protection data. */
export interface InterchangeImportOptions extends InterchangeExportOptions {
  /** The restore generation for which the file is a floor. Left out: 0. */
  readonly generation?: number;
}

/** Of an export of slashing-protection data. */
export interface InterchangeExportOptions {
  /** Of the chain: `0x` and 64 hexadecimal digits. */
  readonly genesisValidatorsRoot: string;
}

/** Of `createClaims`. */
export interface ClaimsOptions {
  /**
   * `sign` hands a signature out without waiting until it is stored. Called when it was not: the
   * next who asks signs the same once more. Left out: nothing is done.
   */
  readonly onNotStored?: (error: unknown, claim: SignedClaim) => void;
}

/**
 * Claims of a group. Every error but CLAIM_REFUSED comes with the same meaning: do not sign. After
 * RuntimeError RUNTIME_OUTCOME_UNKNOWN the claim may have been committed, and asking for the same
 * digest again is safe.
 */
export interface Claims {
  /**
   * Asks for leave to sign, and waits until the answer is committed.
   *
   * @throws ElectionError CLAIM_REFUSED with the watermark it lost to, CLAIM_INVALID with the
   *   field; RuntimeError
   */
  claim(claim: Claim, options?: ClaimCallOptions): Promise<ClaimAnswer>;
  /**
   * Claims, makes the signer's own watermark durable, signs, and has the signature stored.
   *
   * @param makeSignature called at most once, only with leave to sign this claim's digest
   * @returns the signature, or the one that was made of this claim before
   * @throws as `claim`; as `LocalWatermark.pass`; what `makeSignature` throws
   */
  sign(
    claim: Claim,
    makeSignature: () => Uint8Array | Promise<Uint8Array>,
    options: SignOptions,
  ): Promise<Uint8Array>;
  /**
   * Stores the signature of a claim, to be answered when the claim is repeated.
   *
   * @returns false when the watermark has moved on, or was never this claim
   */
  stored(signed: SignedClaim, options?: ClaimCallOptions): Promise<boolean>;
  /**
   * Moves the watermark of the position's kind up, never down. The floor's own position is refused
   * from then on, and leaderships from before `generation` are over for this key.
   *
   * @returns where the watermark is now
   */
  raiseFloor(floor: GivenFloor, options?: ClaimCallOptions): Promise<Position>;
  /** Linearizable. Null: nothing is known of the key. Not to be written to. */
  known(key: Uint8Array, options?: ClaimCallOptions): Promise<KeyClaims | null>;
  /**
   * Raises floors to what a file in the interchange format of EIP-3076 has signed. May be repeated.
   *
   * @returns how many floors were given
   * @throws ElectionError CLAIM_IMPORT_REFUSED with the path of the field, before anything was done
   */
  importInterchange(text: string, options: InterchangeImportOptions): Promise<number>;
  /**
   * In the minimal form. Stop signing here before, and never claim with these keys again.
   *
   * @throws ElectionError CLAIM_INVALID
   */
  exportInterchange(options: InterchangeExportOptions): Promise<string>;
  /**
   * Raises the floor of `key` to that of a `priv_validator_state.json`.
   *
   * @throws ElectionError CLAIM_IMPORT_REFUSED with the field, before anything was done
   */
  importPrivValidatorState(
    key: Uint8Array,
    text: string,
    options?: { readonly generation?: number },
  ): Promise<PrivValidatorState>;
  /**
   * As a `priv_validator_state.json`, without `signbytes`, which are not known here; so its reader
   * refuses the last position. Stop signing here before. Null: there is no such claim.
   */
  exportPrivValidatorState(key: Uint8Array): Promise<string | null>;
}

/** What is used of a group; a `Group<ClaimsMachine>` has it. */
export interface ClaimsGroup {
  propose(command: Uint8Array, options?: ClaimCallOptions): Promise<Applied<ClaimsResult>>;
  /** Linearizable. */
  read<Answer>(
    view: (machine: ClaimsMachine) => Answer,
    options?: ClaimCallOptions,
  ): Promise<Answer>;
}
