import { runKvScenario } from '../kv/kv-scenario.ts';
import { drawPlan } from '../plan/draw-plan.ts';
import { summarize } from './summary.ts';

// A process that plays one seed after another for the one that forked it.

process.on('message', ({ seed, nodes }: { seed: number; nodes: number }) => {
  process.send?.(summarize(seed, runKvScenario(drawPlan(seed, nodes))));
});

process.on('disconnect', () => process.exit());
