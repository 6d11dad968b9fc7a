import { Prng } from '@quorate/base';
import type { ClusterPlan, Strike } from '../plan/cluster-plan.ts';
import { drawStrikes, drawTuning } from '../plan/draw-faults.ts';

/** What the seed decides before a run of the workbench. */
export function drawWorkPlan(seed: number, nodes: number): ClusterPlan {
  // Not the stream that the cluster draws from, which begins with the seed itself.
  const prng = new Prng(seed).fork().fork();
  const tuningPrng = prng.fork();
  const workPrng = prng.fork();
  const strikesPrng = prng.fork();
  const faultyMs = workPrng.between(2000, 8000);
  const isLastVoter = nodes < 3 || workPrng.chance(0.8);
  return {
    seed,
    nodes,
    clients: workPrng.pick([1, 3, 8, 16]),
    thinkMs: workPrng.pick([8, 30, 60]),
    diskMs: workPrng.pick([1, 1, 5, 25]),
    clockDrift: workPrng.pick([0, 0, 0.001, 0.05]),
    quiesceMs: workPrng.pick([0, 0, 300, 2000]),
    leases: workPrng.chance(0.6),
    priorities: workPrng.chance(0.2),
    lastPart: isLastVoter ? 'voter' : workPrng.pick(['learner', 'witness'] as const),
    mends: workPrng.chance(0.8),
    faultyMs,
    tuning: {
      ...drawTuning(tuningPrng),
      // A state machine shows what it is worth when it is restored: that has to happen often.
      snapshotLogBytes: tuningPrng.pick([500, 500, 2000, 10_000_000]),
    },
    strikes: [...drawStrikes(strikesPrng, faultyMs), ...drawRestarts(strikesPrng, faultyMs)].sort(
      (a, b) => a.atMs - b.atMs,
    ),
  };
}

const restarts = ['kill', 'kill', 'power-loss', 'leader-power-loss', 'rolling-kill'];

/** A few beside whatever else is drawn: a process that starts again restores its state. */
function drawRestarts(prng: Prng, faultyMs: number): readonly Strike[] {
  return Array.from({ length: prng.between(1, 5) }, () => ({
    atMs: prng.between(Math.floor(faultyMs / 4), faultyMs - 1),
    nemesis: prng.pick(restarts),
    seed: prng.uint32(),
  }));
}
