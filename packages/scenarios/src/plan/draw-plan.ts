import { Prng } from '@quorate/base';
import { nemeses } from '@quorate/sim';
import type { Plan, PlannedTuning, Strike } from './plan.ts';

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

function drawTuning(prng: Prng): PlannedTuning {
  const electionTimeoutMs = prng.pick([300, 1000]);
  return {
    electionTimeoutMs,
    heartbeatIntervalMs: electionTimeoutMs / prng.pick([5, 10]),
    requestTimeoutMs: 5000,
    segmentBytes: prng.pick([4096, 16_384, 65_536]),
    snapshotLogBytes: prng.pick([2000, 20_000, 200_000, 10_000_000]),
    snapshotTailEntries: prng.pick([0, 5, 500]),
    maxMessageBytes: prng.pick([1, 500, 100_000]),
    maxInflightMessages: prng.pick([1, 4, 256]),
    maxUncommittedBytes: prng.pick([4000, 1_000_000]),
  };
}

/** Few kinds leave room for what they do together; many for what nobody thought of. */
const kinds = [1, 2, 3, 4, 6, 10];

/** Those that set up by intention what others only meet by chance; some are rarer at their aim. */
const directed: readonly string[] = [
  'bit-flip',
  'power-loss-after-kill',
  'hand-over-cut-off',
  'membership-churn',
  'old-leader-returns',
  'leader-fades',
  'leader-fades',
  'diverging-leaders',
  'late-repetitions',
];
const damaging: ReadonlySet<string> = new Set(['lost-fsync', 'bit-flip', 'misdirected-write']);
const mending: ReadonlySet<string> = new Set(['repair-disk', 'replace-machine']);

function drawKinds(prng: Prng): readonly string[] {
  const names = nemeses.map(({ name }) => name);
  const chosen = new Set(prng.shuffle(names).slice(0, prng.pick(kinds)));
  if (prng.chance(0.5)) chosen.add(prng.pick(directed));
  // Whoever mends finds something to do only where something was damaged.
  const isDamaged = [...chosen].some((name) => damaging.has(name));
  if (isDamaged && prng.chance(0.6)) for (const name of mending) chosen.add(name);
  return [...chosen];
}

/** A mixture of nemeses, at drawn moments. */
function drawStrikes(prng: Prng, faultyMs: number): readonly Strike[] {
  const chosen = drawKinds(prng);
  const meanMs = prng.pick([300, 1000, 3000]);
  const strikes: Strike[] = [];
  let atMs = prng.between(0, 2000);
  while (atMs < faultyMs) {
    const nemesis = prng.pick(chosen);
    strikes.push({ atMs, nemesis, seed: prng.uint32() });
    atMs += prng.between(1, 2 * meanMs);
  }
  return strikes;
}
