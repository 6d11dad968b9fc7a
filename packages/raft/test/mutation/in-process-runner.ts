/**
 * A test runner for Stryker: imports the unit tests once and runs them again and again, each time
 * with another mutant switched on. They are synchronous and share no state, so a process of its own
 * for each of three thousand mutants would only cost time. A mutant that never ends is ended by
 * Stryker, which counts how often it is reached, and watches the clock.
 */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { type RegisteredTest, registeredTests } from './registered-tests.ts';
import { unitTestFiles } from './unit-test-files.ts';

/** What the instrumented sources look at, as Stryker lays it down. */
interface Switchboard {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: object;
}

interface MutantRun {
  readonly activeMutant: { readonly id: string };
  /** The tests that reach it; left out: all. */
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
}

const registryUrl = new URL('registered-tests.ts', import.meta.url).href;

class InProcessRunner {
  readonly #switchboard: Switchboard = {};
  #tests: readonly RegisteredTest[] = [];

  capabilities(): object {
    return { reloadEnvironment: false };
  }

  async init(): Promise<void> {
    Object.assign(globalThis, { __stryker__: this.#switchboard });
    registerHooks({
      resolve: (specifier, context, next) =>
        next(specifier === 'node:test' ? registryUrl : specifier, context),
    });
    const testFolder = join(process.cwd(), 'test');
    for (const file of unitTestFiles(testFolder)) {
      const { href } = pathToFileURL(file);
      await import(href);
    }
    this.#tests = registeredTests();
  }

  async dryRun(): Promise<object> {
    const tests = this.#tests.map((test) => {
      this.#switchboard.currentTestId = test.id;
      const startMs = performance.now();
      const failureMessage = failureOf(test);
      const timeSpentMs = performance.now() - startMs;
      const status = failureMessage === null ? 0 : 1;
      return { id: test.id, name: test.id, status, timeSpentMs, failureMessage };
    });
    this.#switchboard.currentTestId = undefined;
    const { mutantCoverage } = this.#switchboard;
    return { status: 'complete', tests, mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit }: MutantRun): Promise<object> {
    const wanted = testFilter === undefined ? null : new Set(testFilter);
    const tests = this.#tests.filter(({ id }) => wanted === null || wanted.has(id));
    const board = this.#switchboard;
    board.hitLimit = hitLimit;
    board.hitCount = hitLimit === undefined ? undefined : 0;
    board.activeMutant = activeMutant.id;
    try {
      return outcomeOf(tests, board);
    } finally {
      board.activeMutant = undefined;
    }
  }
}

function outcomeOf(tests: readonly RegisteredTest[], board: Switchboard): object {
  for (const [at, test] of tests.entries()) {
    const failureMessage = failureOf(test);
    const { hitCount = 0, hitLimit = Number.POSITIVE_INFINITY } = board;
    if (hitCount > hitLimit) return { status: 'timeout', reason: `reached ${hitCount} times` };
    if (failureMessage === null) continue;
    return { status: 'killed', killedBy: [test.id], failureMessage, nrOfTests: at + 1 };
  }
  return { status: 'survived', nrOfTests: tests.length };
}

function failureOf({ run }: RegisteredTest): string | null {
  try {
    run();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** As Stryker wants it named. */
export const strykerPlugins = [
  { kind: 'TestRunner', name: 'in-process', injectableClass: InProcessRunner },
];
