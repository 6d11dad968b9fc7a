import type { Prng } from '@quorate/base';
import type { Fuzzer } from './fuzzer.ts';
import { type Material, type Mutation, mutations } from './mutations.ts';

export interface FuzzInput {
  readonly bytes: Uint8Array;
  /** As the generator made it: it has to be accepted. */
  readonly isValid: boolean;
}

/** More than that many kept inputs would be memory without much to show for it. */
const maxKept = 2000;
const allMutations: readonly Mutation[] = Object.values(mutations);

/**
 * Makes inputs: valid ones of the generator, what was kept, both changed in one or a few places,
 * and now and then plain noise. Everything is drawn from one prng.
 */
export class InputSource {
  readonly #fuzzer: Fuzzer;
  readonly #prng: Prng;
  readonly #kept: Uint8Array[] = [];
  readonly #material: Material;

  constructor(fuzzer: Fuzzer, prng: Prng) {
    this.#fuzzer = fuzzer;
    this.#prng = prng;
    this.#material = {
      other: () => this.#base(),
      words: fuzzer.words ?? [],
      maxBytes: fuzzer.maxBytes,
    };
  }

  /** @param bytes never changed afterwards */
  keep(bytes: Uint8Array): void {
    if (this.#kept.length < maxKept) this.#kept.push(bytes);
    else this.#kept[this.#prng.below(maxKept)] = bytes;
  }

  next(): FuzzInput {
    const prng = this.#prng;
    const fate = prng.below(100);
    if (fate < 6) return { bytes: this.#fuzzer.generate(prng), isValid: true };
    if (fate < 8) return { bytes: this.#noise(), isValid: false };
    let bytes: Uint8Array = this.#base().slice();
    const changes = prng.pick([1, 1, 1, 2, 2, 3, 5, 8]);
    for (let change = 0; change < changes; change++) {
      bytes = prng.pick(allMutations)(bytes, prng, this.#material);
      if (bytes.length > this.#fuzzer.maxBytes) bytes = bytes.subarray(0, this.#fuzzer.maxBytes);
    }
    const { seal } = this.#fuzzer;
    if (seal !== undefined && prng.chance(0.7)) bytes = seal(bytes.slice());
    // Of its own: a decoder must not be able to look past the end.
    return { bytes: bytes.slice(), isValid: false };
  }

  #base(): Uint8Array {
    const useKept = this.#kept.length > 0 && this.#prng.chance(0.5);
    return useKept ? this.#prng.pick(this.#kept) : this.#fuzzer.generate(this.#prng);
  }

  #noise(): Uint8Array {
    const most = Math.min(this.#fuzzer.maxBytes, this.#prng.pick([4, 16, 64, 1024]));
    return Uint8Array.from({ length: this.#prng.below(most + 1) }, () => this.#prng.below(256));
  }
}
