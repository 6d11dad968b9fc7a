import { failureName } from '../failure.ts';
import { runKvScenario } from '../kv/kv-scenario.ts';
import type { Plan } from '../plan/plan.ts';
import { planText } from '../plan/plan-text.ts';
import { shrink, type Trial } from '../plan/shrink.ts';
import type { SimOptions } from './options.ts';
import { say } from './print.ts';

const progressEveryMs = 2000;

/** Looks for the smallest plan that fails as `plan` does, and says how to play it. */
export function shrinkFailure(plan: Plan, first: Trial, options: SimOptions): void {
  const startedMs = performance.now();
  const endMs = startedMs + 1000 * options.shrinkSeconds;
  say(`shrinking '${first.failure}': ${sizeText(plan)}, for at most ${options.shrinkSeconds} s`);
  let toldMs = startedMs;
  const shrunk = shrink(plan, first, {
    run: runTrial,
    isOver: () => performance.now() >= endMs,
    progress: (smaller, trials) => {
      if (performance.now() < toldMs + progressEveryMs) return;
      toldMs = performance.now();
      say(`  ${trials} runs: ${sizeText(smaller)}`);
    },
  });
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const end = performance.now() >= endMs ? ', time is up' : ', no smaller one found';
  say(`shrunk in ${shrunk.trials} runs, ${seconds} s${end}: ${sizeText(shrunk.plan)}`);
  for (const { atMs, nemesis } of shrunk.plan.strikes) say(`  ${atMs} ms ${nemesis}`);
  const planted = options.canary === null ? '' : ` --canary ${options.canary}`;
  say(`again:  npm run sim -- --plan '${planText(shrunk.plan)}'${planted} --trace`);
}

function runTrial(plan: Plan): Trial {
  const { violation, virtualMs, struck } = runKvScenario(plan);
  return { failure: violation === null ? null : failureName(violation), virtualMs, struck };
}

function sizeText({ strikes, clients, faultyMs, tuning }: Plan): string {
  const tuned = Object.keys(tuning).length;
  return `${strikes.length} strikes, ${clients} clients, ${faultyMs} ms, ${tuned} tuned values`;
}
