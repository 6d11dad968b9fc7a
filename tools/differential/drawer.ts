import { concatBytes, type Prng } from '@quorate/base';
import type { State, Wire } from './operation.ts';

const utf8 = new TextEncoder();
const zero = Uint8Array.of(0);
const none = new Uint8Array(0);

export function bytesOf(text: string): Uint8Array {
  return utf8.encode(text);
}

/** Few, so that operations meet; of every shape that ranges and prefixes can get wrong. */
const keys: readonly Uint8Array[] = [
  ...['a', 'a/', 'a/b', 'a/b/c', 'a0', 'b', 'ba', 'k1', 'k2', 'k3', 'k4', 'z'].map(bytesOf),
  Uint8Array.of(0x61, 0),
  Uint8Array.of(0x61, 0xff),
  Uint8Array.of(0),
  Uint8Array.of(0, 0),
  Uint8Array.of(0xff),
  Uint8Array.of(0xff, 0xff),
  Uint8Array.of(0xc3, 0x28, 0x80),
  bytesOf('ключ'),
];

/** Of the leases that the client names; none is like those that servers choose. */
const leaseIds: readonly bigint[] = [
  ...[1n, 2n, 3n, 4n, 5n, 77n, -3n],
  ...[2n ** 31n, 2n ** 62n, 2n ** 63n - 1n],
];

/** As JSON has them. */
export const ownLeases: ReadonlySet<string> = new Set(leaseIds.map(String));

const ends: readonly Uint8Array[] = [
  zero,
  zero,
  zero,
  bytesOf('a0'),
  bytesOf('b'),
  bytesOf('l'),
  Uint8Array.of(0xff),
  Uint8Array.of(0, 0),
];

/** Draws the parts that operations are made of. */
export class Drawer {
  readonly prng: Prng;
  readonly state: State;
  readonly wire: Wire;

  constructor(prng: Prng, state: State, wire: Wire) {
    this.prng = prng;
    this.state = state;
    this.wire = wire;
  }

  key(): Uint8Array {
    const { prng } = this;
    if (prng.chance(0.01)) return none;
    if (prng.chance(0.01)) return new Uint8Array(prng.between(200, 5000)).fill(0x6b);
    return prng.pick(keys);
  }

  /** One that may be put. */
  filledKey(): Uint8Array {
    return this.prng.pick(keys);
  }

  rangeEnd(key: Uint8Array): Uint8Array {
    const { prng } = this;
    const draw = prng.float();
    if (draw < 0.4) return none;
    if (draw < 0.6) return prng.pick(ends);
    if (draw < 0.75) return prng.pick(keys);
    if (draw < 0.8) return key;
    return afterPrefix(key);
  }

  range(): { key: Uint8Array; rangeEnd: Uint8Array } {
    if (this.prng.chance(0.12)) return { key: zero, rangeEnd: zero };
    const key = this.key();
    return { key, rangeEnd: this.rangeEnd(key) };
  }

  value(): Uint8Array {
    const { prng } = this;
    const draw = prng.float();
    if (draw < 0.1) return none;
    if (draw < 0.5) return prng.pick(keys);
    const length = draw < 0.98 ? prng.below(24) : prng.below(20_000);
    return this.bytes(length);
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at++) out[at] = this.prng.below(256);
    return out;
  }

  /** Around what the store has: the past, what is compacted, the future, and nonsense. */
  revision(): number {
    const { prng, state } = this;
    const draw = prng.float();
    if (draw < 0.3) return 0;
    if (draw < 0.6) return Math.max(1, state.head - prng.below(12));
    if (draw < 0.7) return state.compacted + prng.between(-2, 3);
    if (draw < 0.8) return prng.between(1, Math.max(1, state.head));
    if (draw < 0.9) return state.head + prng.below(4);
    return prng.pick([-1, -7, 1, Number.MAX_SAFE_INTEGER, state.head + 1000]);
  }

  /** A bound that cuts something off, or a point in it. */
  bound(): number {
    const { prng, state } = this;
    if (prng.chance(0.8)) return 0;
    return prng.chance(0.1) ? prng.pick([-1, 1]) : Math.max(1, state.head - prng.below(20));
  }

  lease(): bigint {
    return this.prng.pick(leaseIds);
  }

  /** Whose token goes with a request. */
  as(): string {
    const { prng, state } = this;
    // 3.4 refuses tokens that it does not know even when it asks for none.
    if (!state.isAuthOn) return '';
    const draw = prng.float();
    if (draw < 0.5) return 'root';
    if (draw < 0.9) return prng.pick(['alice', 'bob']);
    return draw < 0.95 ? '' : '?';
  }
}

function afterPrefix(key: Uint8Array): Uint8Array {
  for (let at = key.length - 1; at >= 0; at--) {
    const byte = key[at] as number;
    if (byte < 0xff) return concatBytes([key.subarray(0, at), Uint8Array.of(byte + 1)]);
  }
  return zero;
}
