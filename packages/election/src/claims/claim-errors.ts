import { toHex } from '@quorate/base';
import type { ClaimRefusedResult, ClaimsCommand } from '../core/claims/claims-model.ts';
import { describePosition } from '../core/claims/position.ts';
import { ElectionError } from '../core/election-error.ts';

const whatToDo: Readonly<Record<ClaimRefusedResult['reason'], string>> = {
  notNewer: 'it is not above the watermark; do not sign',
  otherDigest: 'something else was claimed there; do not sign',
  olderToken: 'a newer leadership has claimed; do not sign',
  floorNeeded:
    'its restore generation is newer than the floor; ' +
    'do not sign, an operator has to raise the floor for this generation',
  tooManyKeys: 'there is no room for another key; do not sign, use another group for it',
};

/** Of a claim, or of a signer's own watermark. */
export function claimRefused(
  { key, position }: Pick<ClaimsCommand, 'key' | 'position'>,
  result: ClaimRefusedResult,
): ElectionError<'CLAIM_REFUSED'> {
  const { reason, token } = result;
  // A copy: the metadata is whoever's, the watermark is part of a replica's state.
  const watermark = result.watermark && { ...result.watermark };
  const limit = watermark === null ? 'nothing claimed' : `${describePosition(watermark)} claimed`;
  const message =
    `${describePosition(position)} is refused for key 0x${toHex(key)}, which has ${limit} ` +
    `and has seen token ${token}: ${whatToDo[reason]}`;
  return new ElectionError('CLAIM_REFUSED', message, { reason, position, watermark, token });
}

/** Of an argument, before anything was done. */
export function claimInvalid(field: string, reason: string): never {
  const message = `${field} ${reason}; nothing was done, correct it`;
  throw new ElectionError('CLAIM_INVALID', message, { field, reason });
}
