import { type Crash, type Difference, type EpochOptions, runEpoch } from './epoch.ts';
import type { KnownDifference } from './known/known-difference.ts';
import { isGood } from './known/refusal.ts';
import { knownDifferences } from './known.ts';
import type { Step } from './operation.ts';
import type { Both } from './pair.ts';
import { showBoth, showStep } from './show.ts';
import { shrinkOperations } from './shrink.ts';

/** After so many both servers begin anew: what led to a difference is among few. */
const operationsPerEpoch = 1000;
const mostShrunk = 3;
const shrinkBudgetMs = 45_000;

export interface ComparisonOptions extends EpochOptions {
  /** Different differences, after which enough is known. */
  readonly mostDifferences: number;
  readonly isShrinking: boolean;
}

/** Draws operations, carries them out on both servers, and keeps the score. */
export class Comparison {
  readonly #options: ComparisonOptions;
  readonly #counts = new Map<KnownDifference, number>();
  readonly #titles = new Map<string, number>();
  readonly #startedMs = performance.now();
  #operations = 0;
  #steps = 0;
  #crashes = 0;
  /** All differences until now are a canary's. */
  #isPlanted = true;

  constructor(options: ComparisonOptions) {
    this.#options = options;
  }

  /** @returns whether there was no difference but those that are known, or only planted ones */
  async run(operations: number): Promise<'equal' | 'planted' | 'different'> {
    while (this.#operations < operations && this.#titles.size < this.#options.mostDifferences) {
      await this.#epoch(this.#operations, operations);
      const seconds = Math.round((performance.now() - this.#startedMs) / 1000);
      console.log(`${this.#operations} operations, ${this.#steps} answers, ${seconds} s`);
    }
    await this.#options.pairs.close();
    this.#printKnown();
    const differences = [...this.#titles.values()].reduce((sum, count) => sum + count, 0);
    const { seed } = this.#options;
    const summary = { differential: seed, operations: this.#operations, answers: this.#steps };
    const known = [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
    console.log(JSON.stringify({ ...summary, known, etcdEnded: this.#crashes, differences }));
    if (differences === 0) return 'equal';
    return this.#isPlanted ? 'planted' : 'different';
  }

  /** Carries out these operations and prints each. @returns the exit code */
  async replay(indices: readonly number[]): Promise<number> {
    const print = (index: number, step: Step): void => console.log(`${index}: ${showStep(step)}`);
    const { difference } = await runEpoch(this.#options, indices, () => undefined, print);
    await this.#options.pairs.close();
    if (difference !== null) console.log(`${difference.title}\n${showBoth(difference.both)}`);
    return difference === null ? 0 : 1;
  }

  async #epoch(first: number, end: number): Promise<void> {
    const indices = numbers(first, Math.min(end, first + operationsPerEpoch));
    const report = await runEpoch(this.#options, indices, (known) => {
      this.#counts.set(known, (this.#counts.get(known) ?? 0) + 1);
    });
    this.#operations += report.operations;
    this.#steps += report.steps;
    if (report.crash !== null) this.#crashed(report.crash);
    if (report.parted !== null) console.log(`begin anew: ${report.parted.name}`);
    if (report.difference !== null) await this.#found(report.difference, first);
  }

  /** What ends etcd must be refused here. */
  #crashed({ step, words, ours }: Crash): void {
    this.#crashes += 1;
    const shown = showStep(step);
    console.log(`etcd ended itself at: ${shown}\n${words.slice(-300)}`);
    if (!isGood(ours)) return;
    this.#isPlanted = false;
    this.#titles.set(`etcd ended itself, and ours did it: ${shown}`, 1);
    console.log('DIFFERENCE: ours did it');
  }

  async #found(difference: Difference, first: number): Promise<void> {
    const { title, index } = difference;
    if (!difference.isPlanted) this.#isPlanted = false;
    const before = this.#titles.get(title) ?? 0;
    this.#titles.set(title, before + 1);
    if (before > 0) return;
    console.log(`\nDIFFERENCE at operation ${index} of seed ${this.#options.seed}: ${title}`);
    console.log(`  ${showStep(difference.step)}\n${showBoth(difference.both)}`);
    if (!this.#options.isShrinking || this.#titles.size > mostShrunk) return;
    const indices = await this.#shrunk(title, numbers(first, index + 1));
    console.log(`  operations that show it on fresh servers: ${indices.join(' ')}\n`);
  }

  async #shrunk(title: string, indices: readonly number[]): Promise<readonly number[]> {
    const startedMs = performance.now();
    const mayGoOn = () => performance.now() - startedMs < shrinkBudgetMs;
    let last: [Step, Both] | null = null;
    const shows = async (candidate: readonly number[]): Promise<boolean> => {
      const { difference } = await runEpoch(this.#options, candidate, () => undefined);
      if (difference?.title !== title) return false;
      last = [difference.step, difference.both];
      return true;
    };
    const best = await shrinkOperations(indices, shows, mayGoOn);
    if (last !== null) console.log(`  at its smallest: ${showStep(last[0])}\n${showBoth(last[1])}`);
    return best;
  }

  #printKnown(): void {
    for (const known of knownDifferences) {
      const count = this.#counts.get(known) ?? 0;
      console.log(`known: ${known.name} (${count}): ${known.reason}`);
    }
  }
}

function numbers(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, at) => first + at);
}
