import type { Prng } from '@quorate/base';
import fc from 'fast-check';
import { encodeCommand } from '../src/index.ts';
import { command } from '../test/arbitraries.ts';

let samples: readonly Uint8Array[] | null = null;

/** One of some hundred commands drawn once: the mutations make the variety. */
export function sampleCommand(prng: Prng): Uint8Array {
  samples ??= fc.sample(command, { seed: 1, numRuns: 300 }).map(encodeCommand);
  return prng.pick(samples);
}

/** As many commands, each after its length as u16 little-endian. */
export function sampleCommands(prng: Prng, count: number): Uint8Array {
  const parts: number[] = [];
  for (let left = count; left > 0; left--) {
    const encoded = sampleCommand(prng);
    if (encoded.length < 1000) parts.push(encoded.length & 255, encoded.length >> 8, ...encoded);
  }
  return Uint8Array.from(parts);
}

/** What `sampleCommands` put together, or whatever became of it. */
export function splitCommands(input: Uint8Array): Uint8Array[] {
  const commands: Uint8Array[] = [];
  for (let at = 0; at + 2 <= input.length; ) {
    const start = at + 2;
    at = Math.min(input.length, start + (input[at] as number) + (input[at + 1] as number) * 256);
    commands.push(input.slice(start, at));
  }
  return commands;
}
