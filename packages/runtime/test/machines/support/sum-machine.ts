import {
  type AppliedEntry,
  concatBytes,
  Prng,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/base';

const magic = 0x53;
export const sumBytes = 4096;

/**
 * A state machine in the full form that does everything right: 4,096 counters of a byte, in the
 * order in which they were first used; a command is the number of one, and what to add to it.
 * Made to be broken by subclasses, one method at a time.
 */
export class SumMachine implements StateMachine<number> {
  sums: Map<number, number> = new Map();

  apply(entries: readonly AppliedEntry[]): readonly number[] {
    return entries.map((entry) => this.one(entry));
  }

  one({ command }: AppliedEntry): number {
    if (command.length !== 3) return -1;
    const [low = 0, high = 0, amount = 0] = command;
    const counter = (low + high * 256) % sumBytes;
    const sum = ((this.sums.get(counter) ?? 0) + amount) % 256;
    this.sums.set(counter, sum);
    return sum;
  }

  /** A header with the length, then three bytes for each counter, 100 counters a chunk. */
  chunks(): Uint8Array[] {
    const { size } = this.sums;
    const chunks = [Uint8Array.of(magic, size & 0xff, size >> 8)];
    const rows = [...this.sums].map(([counter, sum]) => [counter & 0xff, counter >> 8, sum]);
    for (let at = 0; at < rows.length; at += 100)
      chunks.push(Uint8Array.from(rows.slice(at, at + 100).flat()));
    return chunks;
  }

  snapshot(): Iterator<Uint8Array, void> {
    const chunks = this.chunks();
    return {
      next: () => {
        const value = chunks.shift();
        return value === undefined ? { done: true, value } : { done: false, value };
      },
    };
  }

  restore(): SnapshotSink {
    const chunks: Uint8Array[] = [];
    return {
      chunk: (bytes) => {
        chunks.push(bytes.slice());
      },
      finish: () => {
        this.sums = readSums(concatBytes(chunks));
      },
    };
  }
}

export function readSums(bytes: Uint8Array): Map<number, number> {
  const [first, low = 0, high = 0] = bytes;
  if (first !== magic || bytes.length !== 3 + 3 * (low + high * 256))
    throw new Error('these are not all sums');
  const sums = new Map<number, number>();
  for (let at = 3; at < bytes.length; at += 3) {
    const [counterLow = 0, counterHigh = 0, sum = 0] = bytes.subarray(at, at + 3);
    sums.set(counterLow + counterHigh * 256, sum);
  }
  return sums;
}

export function sumCommands(count: number, seed: number): Uint8Array[] {
  const prng = new Prng(seed);
  return Array.from({ length: count }, () => {
    if (prng.chance(0.1)) return new Uint8Array(prng.below(6));
    // Few of them, so that some are used again.
    return Uint8Array.of(prng.below(40) * 6, prng.below(4), 1 + prng.below(255));
  });
}

export function entriesOf(commands: readonly Uint8Array[], after = 0): AppliedEntry[] {
  return commands.map((command, at) => ({
    index: after + at + 1,
    term: 1,
    timestampMicros: (after + at + 1) * 1000,
    command,
  }));
}
