import { Prng } from '@quorate/base';

/** Whose draws are whose: clients have small numbers, and scenarios' own are larger than these. */
export const firstSession = 1_000_000;
export const mender = 2_000_000;

/** By number, so that fewer clients draw as they did among more. */
export function drawsOf(seed: number, number: number): Prng {
  return new Prng((seed + 1_000_003 * (number + 1)) % 2 ** 53).fork();
}
