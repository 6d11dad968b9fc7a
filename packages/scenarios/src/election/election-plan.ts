import { Prng } from '@quorate/base';
import type { ClusterPlan } from '@quorate/sim';

/** A run of the election scenario as data. */
export interface ElectionPlan extends ClusterPlan {
  /**
   * What the nodes take for the drift of their clocks. Less than `clockDrift`, which the clocks
   * have, and two may lead at once.
   */
  readonly declaredDrift: number;
  /** A candidate thinks at most so long before it gives up its lead, or its campaign; 0: never. */
  readonly restlessMs: number;
  /**
   * At most so long after one who leads has stood still, another one does: about as long as a lease
   * lasts, which is when it matters; 0: never.
   */
  readonly stallMs: number;
  /** Between two acts of a leader, at most. */
  readonly actMs: number;
}

/** What may strike: no change of members, and no disk that forgets. */
const kinds: readonly string[] = [
  'kill',
  'power-loss',
  'leader-power-loss',
  'all-power-loss',
  'power-loss-after-kill',
  'pause',
  'suspend',
  'rolling-restart',
  'rolling-kill',
  'slow-disk',
  'stalled-disk',
  'clock-rate',
  'wall-clock-jump',
  'leadership-transfer',
  'hand-over-cut-off',
  'partition',
  'leader-cut-off',
  'old-leader-returns',
  'leader-fades',
  'one-way-partition',
  'bridge',
  'flapping-link',
  'connection-reset',
  'slow-links',
  'message-faults',
];

/** Those at which a lease is put to the test. */
const telling: readonly string[] = [
  'pause',
  'clock-rate',
  'leader-cut-off',
  'leader-fades',
  'hand-over-cut-off',
  'leader-power-loss',
];

export function drawElectionPlan(seed: number, nodes: number): ElectionPlan {
  // Not the stream that the cluster draws from, which begins with the seed itself.
  const prng = new Prng(seed).fork().fork();
  const strikesPrng = prng.fork();
  const faultyMs = prng.between(2000, 6000);
  const clockDrift = prng.pick([0, 0.01, 0.01, 0.05, 0.1]);
  const electionTimeoutMs = prng.pick([200, 200, 300, 1000]);
  return {
    seed,
    nodes,
    clients: 0,
    thinkMs: 1,
    diskMs: prng.pick([1, 1, 5]),
    quiesceMs: 0,
    clockDrift,
    declaredDrift: clockDrift,
    leases: true,
    priorities: false,
    lastPart: 'voter',
    mends: false,
    faultyMs,
    restlessMs: prng.pick([0, 0, 300, 1500]),
    stallMs: prng.pick([0, 500, 1000, 3000]),
    actMs: prng.pick([10, 40, 200]),
    tuning: {
      electionTimeoutMs,
      heartbeatIntervalMs: electionTimeoutMs / prng.pick([5, 10]),
      requestTimeoutMs: 2000,
      segmentBytes: 16_384,
      snapshotLogBytes: prng.pick([400, 10_000_000]),
      snapshotTailEntries: prng.pick([0, 5, 500]),
    },
    strikes: drawStrikes(strikesPrng, faultyMs),
  };
}

function drawStrikes(prng: Prng, faultyMs: number): ElectionPlan['strikes'] {
  const chosen = new Set(prng.shuffle(kinds).slice(0, prng.pick([0, 1, 2, 4])));
  for (const kind of prng.shuffle(telling).slice(0, prng.pick([1, 2, 3]))) chosen.add(kind);
  const meanMs = prng.pick([300, 700, 1500]);
  const strikes: ElectionPlan['strikes'][number][] = [];
  for (let atMs = prng.between(300, 1500); atMs < faultyMs; atMs += prng.between(1, 2 * meanMs)) {
    strikes.push({ atMs, nemesis: prng.pick([...chosen]), seed: prng.uint32() });
  }
  return strikes;
}
