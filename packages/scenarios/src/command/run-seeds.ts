import type { TraceEvent } from '@quorate/sim';
import { runKvScenario } from '../kv/kv-scenario.ts';
import { drawPlan } from '../plan/draw-plan.ts';
import type { Trial } from '../plan/shrink.ts';
import type { SimOptions } from './options.ts';
import { playSeed } from './play-seed.ts';
import { Progress, say, tellFailure, tellTotals } from './print.ts';
import { SeedPlayer } from './seed-player.ts';
import { shrinkFailure } from './shrink-failure.ts';
import { type Summary, summarize, Totals } from './summary.ts';
import { tracePrinter } from './trace-printer.ts';

/** @returns the exit status */
export async function runSeeds(options: SimOptions): Promise<number> {
  const { canary, count, plan, jobs } = options;
  const totals = new Totals();
  const progress = new Progress(count);
  const seen = (summary: Summary): void => {
    totals.add(summary);
    progress.tell(totals);
  };
  const failed =
    jobs > 1 && plan === null && options.trace === null
      ? await playShared(options, seen)
      : playHere(options, seen);
  const { wallMs } = progress;
  if (failed !== null) {
    tellFailure(failed, options);
    if (options.shrink) {
      shrinkFailure(plan ?? drawPlan(failed.seed, options.nodes), trialOf(failed), options);
    }
  }
  const { scenario, violateDrift } = options;
  tellTotals(totals, wallMs, { scenario, failedSeed: failed?.seed ?? null, canary, violateDrift });
  if (failed !== null) return 1;
  if (violateDrift && totals.overlapped === 0) return 3;
  if (canary === null) return 0;
  say(`canary ${canary} was NOT caught by ${count} seeds`);
  return 3;
}

function trialOf({ failure, virtualMs, struck }: Summary): Trial {
  return { failure: failure?.name ?? null, virtualMs, struck };
}

/** @returns the first run that failed */
function playHere(options: SimOptions, seen: (summary: Summary) => void): Summary | null {
  const { scenario, first, count, nodes, plan, violateDrift } = options;
  const trace: ((event: TraceEvent) => void) | undefined =
    options.trace === null ? undefined : tracePrinter(options.trace, say);
  for (let seed = first; seed < first + count; seed++) {
    const summary =
      plan === null
        ? playSeed({ scenario, seed, nodes, violateDrift }, trace)
        : summarize(plan.seed, runKvScenario(plan, trace));
    seen(summary);
    if (summary.failure !== null) return summary;
    if (count === 1) say(`seed ${summary.seed}: event hash ${summary.hash}`);
  }
  return null;
}

/**
 * Several processes take the next seed whenever they are done with one.
 *
 * @returns the failed run with the lowest seed, whoever played it
 */
async function playShared(
  { scenario, first, count, nodes, jobs, canary, violateDrift }: SimOptions,
  seen: (summary: Summary) => void,
): Promise<Summary | null> {
  let next = first;
  let end = first + count;
  let failed: Summary | null = null;
  const play = async (): Promise<void> => {
    const player = new SeedPlayer(canary);
    while (next < end) {
      const summary = await player.play({ scenario, seed: next++, nodes, violateDrift });
      seen(summary);
      if (summary.failure === null || summary.seed >= (failed?.seed ?? Infinity)) continue;
      failed = summary;
      end = Math.min(end, summary.seed);
    }
    player.close();
  };
  await Promise.all(Array.from({ length: Math.min(jobs, count) }, play));
  return failed;
}
