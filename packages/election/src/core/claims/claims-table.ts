import { equalBytes } from '@quorate/base';
import type { ClaimRefusal } from './claim-error.ts';
import * as model from './claims-model.ts';
import { higherOf, highestOf, isNewer, isSamePosition, type Position } from './position.ts';

const noWatermarks: model.KeyClaims['watermarks'] = {
  block: null,
  attestation: null,
  heightRoundStep: null,
};

/**
 * Watermarks by key. Each call looks and sets in one step, and what it keeps of its arguments are
 * copies. Records are replaced, never written to, so a list of them is a snapshot.
 */
export class ClaimsTable {
  readonly #claims = new Map<string, model.KeyClaims>();

  /** @param all of distinct keys; at most `maxKeys` */
  constructor(all: Iterable<model.KeyClaims> = []) {
    for (const one of all) this.#claims.set(nameOf(one.key), one);
  }

  /** In the order in which the keys were first seen. */
  all(): model.KeyClaims[] {
    return [...this.#claims.values()];
  }

  of(key: Uint8Array): model.KeyClaims | null {
    return this.#claims.get(nameOf(key)) ?? null;
  }

  claim(command: model.ClaimCommand): model.ClaimsResult {
    const { key, position, digest, token } = command;
    const known = this.#known(key);
    if (known === null) return refused('tooManyKeys', null, 0n);
    const before = known.watermarks[position.kind];
    const watermark = before?.position ?? null;
    if (token < known.token) return refused('olderToken', watermark, known.token);
    // Also when the claim is refused: its leadership has begun, so older ones are over.
    const seen = { ...known, token };
    if (token > known.token) this.#keep(seen);
    if (model.generationOf(token) > (before?.generation ?? 0)) {
      return refused('floorNeeded', watermark, token);
    }
    if (before !== null && !isNewer(before.position, position)) {
      return repeated(before, position, digest, token);
    }
    const generation = before?.generation ?? 0;
    const claimed = { position, digest: new Uint8Array(digest), signature: null, generation };
    this.#keep(withWatermark(seen, claimed));
    return { kind: 'sign' };
  }

  stored(command: model.StoredCommand): model.ClaimsResult {
    const { key, position, digest, signature } = command;
    const known = this.of(key);
    const watermark = known?.watermarks[position.kind] ?? null;
    if (
      known === null ||
      watermark === null ||
      watermark.digest === null ||
      !isSamePosition(watermark.position, position) ||
      !equalBytes(watermark.digest, digest)
    ) {
      return { kind: 'notStored', watermark: watermark?.position ?? null };
    }
    if (watermark.signature === null) {
      this.#keep(withWatermark(known, { ...watermark, signature: new Uint8Array(signature) }));
    }
    return { kind: 'stored' };
  }

  raiseFloor(command: model.RaiseFloorCommand): model.ClaimsResult {
    const { key, position, generation } = command;
    const known = this.#known(key);
    if (known === null) return refused('tooManyKeys', null, 0n);
    const before = known.watermarks[position.kind];
    const raised =
      before === null
        ? { position, digest: null, signature: null, generation }
        : raisedBy(before, position, generation);
    // Leaderships from before the restore are over for this key.
    const token = higherOf(known.token, model.firstTokenOf(generation));
    this.#keep(withWatermark({ ...known, token }, raised));
    return { kind: 'raised', watermark: raised.position };
  }

  /** @returns null when it is not known, and there is no room */
  #known(key: Uint8Array): model.KeyClaims | null {
    const known = this.of(key);
    if (known !== null) return known;
    if (this.#claims.size >= model.maxKeys) return null;
    return { key: new Uint8Array(key), token: 0n, watermarks: noWatermarks };
  }

  #keep(claims: model.KeyClaims): void {
    this.#claims.set(nameOf(claims.key), claims);
  }
}

/** For a map: a character a byte. */
function nameOf(key: Uint8Array): string {
  return String.fromCharCode(...key);
}

/** Of a claim that is not above the watermark. */
function repeated(
  watermark: model.Watermark,
  position: Position,
  digest: Uint8Array,
  token: bigint,
): model.ClaimsResult {
  const isFloor = watermark.digest === null;
  if (isFloor || !isSamePosition(watermark.position, position)) {
    return refused('notNewer', watermark.position, token);
  }
  if (!equalBytes(watermark.digest, digest)) {
    return refused('otherDigest', watermark.position, token);
  }
  const { signature } = watermark;
  return signature === null ? { kind: 'sign' } : { kind: 'signed', signature };
}

function raisedBy(before: model.Watermark, floor: Position, generation: number): model.Watermark {
  const newest = Math.max(before.generation, generation);
  // What could have been claimed after the floor stays. All else may contradict what is behind it.
  if (isNewer(floor, before.position)) return { ...before, generation: newest };
  const position = highestOf(before.position, floor);
  return { position, digest: null, signature: null, generation: newest };
}

function withWatermark(claims: model.KeyClaims, watermark: model.Watermark): model.KeyClaims {
  const watermarks = { ...claims.watermarks, [watermark.position.kind]: watermark };
  return { ...claims, watermarks };
}

function refused(
  reason: ClaimRefusal,
  watermark: Position | null,
  token: bigint,
): model.ClaimsResult {
  return { kind: 'refused', reason, watermark, token };
}
