import { AssertionFailed } from '@quorate/base';
import { claimsCommandProblem, encodeClaimsCommand } from '../core/claims/claims-command.ts';
import type { ClaimsCommand, ClaimsResult, KeyClaims } from '../core/claims/claims-model.ts';
import { type Floor, formatInterchange, parseInterchange } from '../core/claims/interchange.ts';
import type { Position } from '../core/claims/position.ts';
import {
  formatPrivValidatorState,
  type PrivValidatorState,
  parsePrivValidatorState,
} from '../core/claims/priv-validator-state.ts';
import { claimInvalid, claimRefused } from './claim-errors.ts';
import type {
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

/** How many floors of an import are under way at once. */
const importWidth = 64;

/**
 * Claims on a group whose state machine is `ClaimsMachine`: every position of a key is signed for
 * at most one digest, whoever leads, and whatever clocks and pauses do.
 */
export function createClaims(group: ClaimsGroup, options: ClaimsOptions = {}): Claims {
  return new GroupClaims(group, options);
}

export class GroupClaims implements Claims {
  readonly #group: ClaimsGroup;
  readonly #options: ClaimsOptions;

  constructor(group: ClaimsGroup, options: ClaimsOptions) {
    this.#group = group;
    this.#options = options;
  }

  async claim(claim: Claim, options?: ClaimCallOptions): Promise<ClaimAnswer> {
    const { key, position, digest, token } = claim;
    const result = await this.#propose({ kind: 'claim', key, position, digest, token }, options);
    if (result.kind === 'sign') return result;
    // A copy: what is written into it must not be written into the replica's state.
    if (result.kind === 'signed') return { ...result, signature: result.signature.slice() };
    if (result.kind === 'refused') throw claimRefused(claim, result);
    throw unexpected(result);
  }

  async sign(
    claim: Claim,
    makeSignature: () => Uint8Array | Promise<Uint8Array>,
    options: SignOptions,
  ): Promise<Uint8Array> {
    const { local, ...rest } = options;
    check({ kind: 'claim', ...claim });
    // The caller may write to what was given while this waits; what was claimed is what counts.
    const own: Claim = {
      key: new Uint8Array(claim.key),
      position: { ...claim.position },
      digest: new Uint8Array(claim.digest),
      token: claim.token,
    };
    const answer = await this.claim(own, rest);
    await local.pass(own);
    if (answer.kind === 'signed') return answer.signature;
    const signature = await makeSignature();
    this.#store({ ...own, signature });
    return signature;
  }

  async stored(signed: SignedClaim, options?: ClaimCallOptions): Promise<boolean> {
    const { key, position, digest, signature } = signed;
    const command = { kind: 'stored', key, position, digest, signature } as const;
    const result = await this.#propose(command, options);
    if (result.kind === 'stored' || result.kind === 'notStored') return result.kind === 'stored';
    throw unexpected(result);
  }

  async raiseFloor(floor: GivenFloor, options?: ClaimCallOptions): Promise<Position> {
    const { key, position, generation = 0 } = floor;
    const result = await this.#propose({ kind: 'raiseFloor', key, position, generation }, options);
    if (result.kind === 'raised') return { ...result.watermark };
    if (result.kind === 'refused') throw claimRefused(floor, result);
    throw unexpected(result);
  }

  known(key: Uint8Array, options: ClaimCallOptions = {}): Promise<KeyClaims | null> {
    return this.#group.read((machine) => structuredClone(machine.of(key)), options);
  }

  async importInterchange(text: string, options: InterchangeImportOptions): Promise<number> {
    const { generation = 0, genesisValidatorsRoot } = options;
    const floors = parseInterchange(text, rootOf(genesisValidatorsRoot));
    for (let at = 0; at < floors.length; at += importWidth) {
      const some = floors.slice(at, at + importWidth);
      await Promise.all(some.map((floor: Floor) => this.raiseFloor({ ...floor, generation })));
    }
    return floors.length;
  }

  async exportInterchange(options: InterchangeExportOptions): Promise<string> {
    const root = rootOf(options.genesisValidatorsRoot);
    return formatInterchange(await this.#group.read((machine) => machine.all()), root);
  }

  async importPrivValidatorState(
    key: Uint8Array,
    text: string,
    options: { readonly generation?: number } = {},
  ): Promise<PrivValidatorState> {
    const state = parsePrivValidatorState(text);
    await this.raiseFloor({ key, position: state.position, ...options });
    return state;
  }

  async exportPrivValidatorState(key: Uint8Array): Promise<string | null> {
    const known = await this.known(key);
    const watermark = known?.watermarks.heightRoundStep;
    if (watermark?.position.kind !== 'heightRoundStep') return null;
    const { position, signature } = watermark;
    return formatPrivValidatorState({ position, signature, signBytes: null });
  }

  #store(signed: SignedClaim): void {
    const failed = (error: unknown): void => this.#options.onNotStored?.(error, signed);
    this.stored(signed).catch(failed);
  }

  async #propose(command: ClaimsCommand, options: ClaimCallOptions = {}): Promise<ClaimsResult> {
    check(command);
    const bytes = encodeClaimsCommand(command);
    const { result } =
      options.signal === undefined
        ? await this.#group.propose(bytes)
        : await this.#group.propose(bytes, { signal: options.signal });
    return result;
  }
}

/** What the machine cannot answer to what was asked, for commands are checked before. */
function unexpected(result: ClaimsResult): Error {
  return new AssertionFailed(`the answer ${result.kind} is to another command`);
}

function check(command: ClaimsCommand): void {
  const problem = claimsCommandProblem(command);
  if (problem !== null) claimInvalid(problem.field, problem.reason);
}

function rootOf(text: string): Uint8Array {
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text.slice(2), 'hex');
  return claimInvalid('genesisValidatorsRoot', 'is not 0x and 64 hexadecimal digits');
}
