import type { Prng } from '@quorate/base';
import { nemeses } from '../nemesis/registry.ts';
import type { PlannedTuning, Strike } from './cluster-plan.ts';

/** Sizes and limits, so that rare paths are common in some runs. */
export function drawTuning(prng: Prng): PlannedTuning {
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
    snapshotBytesPerSecond: prng.pick([200_000, 1_000_000_000, 1_000_000_000]),
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
export function drawStrikes(prng: Prng, faultyMs: number): readonly Strike[] {
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
