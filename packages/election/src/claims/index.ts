// For users: claims before signatures, on a group of one's own node, and the signer's second line.
export type {
  ClaimErrorMetadata,
  ClaimRefusal,
} from '../core/claims/claim-error.ts';
export { ClaimsMachine } from '../core/claims/claims-machine.ts';
export {
  type ClaimsResult,
  digestBytes,
  type KeyClaims,
  maxKeyBytes,
  maxKeys,
  maxSignatureBytes,
  type Watermark,
} from '../core/claims/claims-model.ts';
export type {
  AttestationPosition,
  BlockPosition,
  HeightRoundStep,
  Position,
  PositionKind,
} from '../core/claims/position.ts';
export type { PrivValidatorState } from '../core/claims/priv-validator-state.ts';
export { ElectionError } from '../core/election-error.ts';
export type {
  Claim,
  ClaimAnswer,
  ClaimCallOptions,
  Claims,
  ClaimsGroup,
  ClaimsOptions,
  GivenFloor,
  InterchangeExportOptions,
  InterchangeImportOptions,
  SignedClaim,
  SignOptions,
} from './claims.ts';
export { createClaims } from './group-claims.ts';
export {
  type LocalWatermark,
  type LocalWatermarkOptions,
  openLocalWatermark,
} from './local-watermark.ts';
