import { drawElectionPlan } from '../election/election-plan.ts';
import { runElectionScenario } from '../election/election-scenario.ts';
import { runKvScenario } from '../kv/kv-scenario.ts';
import { drawPlan } from '../plan/draw-plan.ts';
import type { SeedToPlay } from './seed-player.ts';
import { summarize, summarizeElection } from './summary.ts';

// A process that plays one seed after another for the one that forked it.

process.on('message', ({ scenario, seed, nodes }: SeedToPlay) => {
  const isElection = scenario === 'election';
  process.send?.(
    isElection
      ? summarizeElection(seed, runElectionScenario(drawElectionPlan(seed, nodes)))
      : summarize(seed, runKvScenario(drawPlan(seed, nodes))),
  );
});

process.on('disconnect', () => process.exit());
