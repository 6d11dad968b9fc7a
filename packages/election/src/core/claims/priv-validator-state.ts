import { toBase64, toHex } from '@quorate/base';
import { ElectionError } from '../election-error.ts';
import { maxSignatureBytes } from './claims-model.ts';
import { JsonField } from './json-field.ts';
import { type HeightRoundStep, maxRound, maxStep } from './position.ts';

const what = 'the priv_validator_state';
const maxCharacters = 2 ** 20;
const maxSignBytes = 65_536;
/** Heights are signed there. */
const maxHeight = 2n ** 63n - 1n;

/** What Tendermint and CometBFT keep of the last signature of a validator. */
export interface PrivValidatorState {
  readonly position: HeightRoundStep;
  readonly signature: Uint8Array | null;
  /** What was signed. */
  readonly signBytes: Uint8Array | null;
}

/**
 * Reads a `priv_validator_state.json`: the height a decimal string, round and step numbers,
 * `signature` base64 and `signbytes` hexadecimal where they are there.
 *
 * @throws ElectionError CLAIM_IMPORT_REFUSED with the name of the field
 */
export function parsePrivValidatorState(text: string): PrivValidatorState {
  const file = JsonField.parse(what, text, maxCharacters);
  const height = file.member('height').decimal(maxHeight);
  const round = file.member('round').wholeNumber(maxRound);
  const step = file.member('step').wholeNumber(maxStep);
  return {
    position: { kind: 'heightRoundStep', height, round, step },
    signature: file.optional('signature')?.base64(maxSignatureBytes) ?? null,
    signBytes: file.optional('signbytes')?.hex(maxSignBytes) ?? null,
  };
}

/** @throws ElectionError CLAIM_INVALID for a height that the format cannot hold */
export function formatPrivValidatorState(state: PrivValidatorState): string {
  const { position, signature, signBytes } = state;
  if (position.height > maxHeight) {
    const reason = `is ${position.height}, and ${maxHeight} is the highest there is`;
    const message = `the position cannot be exported: its height ${reason}; nothing was exported`;
    throw new ElectionError('CLAIM_INVALID', message, { field: 'position.height', reason });
  }
  const file = {
    height: `${position.height}`,
    round: position.round,
    step: position.step,
    ...(signature === null ? {} : { signature: toBase64(signature) }),
    ...(signBytes === null ? {} : { signbytes: toHex(signBytes).toUpperCase() }),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}
