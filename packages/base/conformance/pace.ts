import { brokenRule, type ContractRule, WaitedInVain } from './conformance-case.ts';

/** How a suite waits, in whatever time its subject lives in. */
export interface Pace {
  /**
   * Lets the world go on for so long: with a real network a timer of the system, in virtual time a
   * run of the scheduler.
   */
  pause(milliseconds: number): Promise<void>;
  /** After so long in vain something is taken never to happen. Default 4000. */
  readonly patienceMs?: number;
}

const stepMs = 2;
const defaultPatienceMs = 4000;
/** Long enough for what should not happen to have happened. */
const quietMs = 50;

/** @throws ConformanceFailure with `did` when the condition is not met in time */
export async function waitFor(
  pace: Pace,
  condition: () => boolean,
  rule: ContractRule,
  did: () => string,
): Promise<void> {
  const patienceMs = pace.patienceMs ?? defaultPatienceMs;
  for (let waitedMs = 0; !condition(); waitedMs += stepMs) {
    if (waitedMs >= patienceMs) throw new WaitedInVain(brokenRule(rule, did()));
    await pace.pause(stepMs);
  }
}

/** Gives what must not happen the time to happen. */
export function quiet(pace: Pace): Promise<void> {
  return pace.pause(quietMs);
}
