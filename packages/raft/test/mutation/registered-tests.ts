/**
 * Takes the place of `node:test` under mutation testing: keeps the tests instead of running them,
 * so that they can be run again for every mutant. All that the unit tests of the core use of it.
 */

export interface RegisteredTest {
  /** File, groups and name; unique. */
  readonly id: string;
  readonly run: () => unknown;
}

const tests = new Map<string, RegisteredTest>();
const groups: string[] = [];

export function describe(name: string, register: () => void): void {
  groups.push(name);
  register();
  groups.pop();
}

export function it(name: string, run: () => unknown): void {
  const full = [...groups, name].join(' > ');
  let id = full;
  for (let copy = 2; tests.has(id); copy++) id = `${full} (${copy})`;
  tests.set(id, { id, run });
}

/** In the order in which they were registered. */
export function registeredTests(): RegisteredTest[] {
  return [...tests.values()];
}
