import type { Prng } from '@quorate/base';

export interface BackoffOptions {
  /** Around the first pause; each is about twice the one before. */
  readonly minPauseMs: number;
  readonly maxPauseMs: number;
  /** Spreads clients that failed together. */
  readonly prng: Prng;
}

/**
 * @param failures before this one, from 0 on
 * @returns how long to pause: half of it sure, half of it chance
 */
export function pauseMs(failures: number, options: BackoffOptions): number {
  const { minPauseMs, maxPauseMs, prng } = options;
  const fullMs = Math.min(maxPauseMs, minPauseMs * 2 ** Math.min(failures, 30));
  const sureMs = Math.ceil(fullMs / 2);
  return sureMs + prng.below(fullMs - sureMs + 1);
}
