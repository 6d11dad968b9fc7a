/**
 * Notices what a state machine must not use: clocks, randomness, timers, the locale. Implemented
 * where the world may be touched; see `globalTripwires` of `@quorate/runtime/conformance`.
 */
export interface Tripwires {
  /** What is used from now on is noted. Never armed twice. */
  arm(): void;
  /** @returns the names of what was used since, each once: `Date.now` */
  disarm(): readonly string[];
}

/** Runs `call` over tripwires, if there are any. @param used is told what was used, if anything */
export function over<T>(
  tripwires: Tripwires | undefined,
  used: (names: readonly string[]) => void,
  call: () => T,
): T {
  if (tripwires === undefined) return call();
  let names: readonly string[] = [];
  let answer: T;
  tripwires.arm();
  try {
    answer = call();
  } finally {
    names = tripwires.disarm();
  }
  if (names.length > 0) used(names);
  return answer;
}
