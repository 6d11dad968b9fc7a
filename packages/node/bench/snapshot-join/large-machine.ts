import {
  type AppliedEntry,
  assert,
  Prng,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/base';

const chunkBytes = 1024 * 1024;
const seed = 20_240_817;

/** What happens to the state, for the bench to know. */
export interface LargeMachineEvents {
  /** A snapshot was drawn to its end. */
  readonly drawn: () => void;
  /** One was taken in whole, and was what another had drawn. */
  readonly restored: (bytes: number) => void;
}

/**
 * Counts commands, and has a state of so many MiB that is not held in memory: each MiB is made when
 * a snapshot is drawn, and compared with what it should be when one comes in. So four processes
 * fit into any machine. The bytes do not compress, so all of them go to the disks and the wires.
 */
export class LargeMachine implements StateMachine<number> {
  readonly #megabytes: number;
  readonly #events: LargeMachineEvents;
  readonly #noise: Uint8Array;
  #count = 0;

  constructor(megabytes: number, events: LargeMachineEvents) {
    this.#megabytes = megabytes;
    this.#events = events;
    const prng = new Prng(seed);
    this.#noise = Uint8Array.from({ length: chunkBytes }, () => Math.floor(prng.float() * 256));
  }

  apply(entries: readonly AppliedEntry[]): number[] {
    return entries.map(() => ++this.#count);
  }

  snapshot(): Iterator<Uint8Array, void> {
    return this.#chunks(this.#count);
  }

  *#chunks(count: number): Generator<Uint8Array, void> {
    yield new TextEncoder().encode(String(count));
    for (let number = 0; number < this.#megabytes; number++) yield this.#chunk(number);
    this.#events.drawn();
  }

  /** The same noise for all, begun at another place, with the number at its head. */
  #chunk(number: number): Uint8Array {
    const chunk = new Uint8Array(chunkBytes);
    const from = (number * 4099) % chunkBytes;
    chunk.set(this.#noise.subarray(from));
    chunk.set(this.#noise.subarray(0, from), chunkBytes - from);
    new DataView(chunk.buffer).setUint32(0, number);
    return chunk;
  }

  restore(): SnapshotSink {
    let count: number | null = null;
    let number = 0;
    return {
      chunk: (bytes) => {
        if (count === null) {
          count = Number(new TextDecoder().decode(bytes));
          return;
        }
        const isSame = Buffer.compare(bytes, this.#chunk(number)) === 0;
        assert(isSame, `MiB ${number} of the state is what was sent`);
        number += 1;
      },
      finish: () => {
        assert(count !== null && number === this.#megabytes, 'all of the state has come');
        this.#count = count;
        this.#events.restored(number * chunkBytes);
      },
    };
  }
}
