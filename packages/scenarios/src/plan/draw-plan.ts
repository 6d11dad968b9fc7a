import { Prng } from '@quorate/base';
import { drawStrikes, drawTuning } from '@quorate/sim';
import type { Plan } from './plan.ts';

/**
 * What the seed decides before the run: sizes and limits, so that rare paths are common in some
 * runs, and every strike with its time.
 */
export function drawPlan(seed: number, nodes: number): Plan {
  // Not the stream that the cluster draws from, which begins with the seed itself.
  const prng = new Prng(seed).fork().fork();
  const tuningPrng = prng.fork();
  const workPrng = prng.fork();
  const strikesPrng = prng.fork();
  const servicePrng = prng.fork();
  const leasePrng = prng.fork();
  const faultyMs = workPrng.between(4_000, 20_000);
  return {
    seed,
    nodes,
    idleGroups: 2,
    clients: workPrng.pick([1, 3, 8, 24]),
    keys: workPrng.between(1, 12),
    valueBytes: workPrng.pick([16, 64, 1000, 4000]),
    thinkMs: workPrng.pick([8, 30, 60]),
    diskMs: workPrng.pick([1, 1, 5, 25]),
    clockDrift: workPrng.pick([0, 0, 0.001, 0.05]),
    quiesceMs: workPrng.pick([0, 0, 300, 2000]),
    leases: workPrng.chance(0.6),
    ...drawService(servicePrng, nodes),
    leaseClients: leasePrng.chance(0.4) ? leasePrng.between(1, 4) : 0,
    faultyMs,
    tuning: drawTuning(tuningPrng),
    strikes: drawStrikes(strikesPrng, faultyMs),
  };
}

/** What the group offers beside plain writes, and who its members are. */
function drawService(
  prng: Prng,
  nodes: number,
): Pick<Plan, 'sessionTtlMs' | 'zones' | 'priorities' | 'lastPart' | 'mends'> {
  const sessionTtlMs = prng.chance(0.35) ? prng.pick([400, 1500, 10_000]) : 0;
  const zones = prng.chance(0.3) ? prng.between(1, Math.min(3, nodes)) : 0;
  const priorities = prng.chance(0.2);
  const isLastVoter = nodes < 3 || prng.chance(0.8);
  const lastPart = isLastVoter ? 'voter' : prng.pick(['learner', 'witness'] as const);
  return { sessionTtlMs, zones, priorities, lastPart, mends: prng.chance(0.8) };
}
