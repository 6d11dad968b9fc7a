import { Prng } from '@quorate/base';
import type { RemovalRule } from '@quorate/election/core';
import type { ClusterPlan } from '@quorate/sim';

/** A run of the election scenario as data. */
export interface ElectionPlan extends ClusterPlan {
  /**
   * What the nodes take for the drift of their clocks. Less than `clockDrift`, which the clocks
   * have, and two may lead at once.
   */
  readonly declaredDrift: number;
  /** Two that lead at once are counted then, and the run goes on. */
  readonly mayOverlap: boolean;
  /** A candidate thinks at most so long before it gives up its lead, or its campaign; 0: never. */
  readonly restlessMs: number;
  /**
   * At most so long after one who leads has stood still, another one does: about as long as a lease
   * lasts, which is when it matters; 0: never.
   */
  readonly stallMs: number;
  /** Between two acts of a leader, at most. */
  readonly actMs: number;
  /** Whoever leads claims and signs each slot of a chain, of so long a time; 0: nobody signs. */
  readonly slotMs: number;
  /** Null: the members stay who they are. */
  readonly members: MembersPlan | null;
}

/** Dead nodes are removed, come back and are taken in again; some leave by themselves. */
export interface MembersPlan extends RemovalRule {
  /** At most so long after one, another node leaves, for about as long; 0: none does. */
  readonly leaveMs: number;
  /** At most so long after some, others die, for long enough to be removed; 0: none does. */
  readonly deathMs: number;
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
  const members = prng.chance(0.35) ? drawMembers(prng, nodes) : null;
  const faultyMs = members === null ? prng.between(2000, 6000) : prng.between(6000, 12_000);
  const clockDrift = prng.pick([0, 0.01, 0.01, 0.05, 0.1]);
  // Who is dead is found out only where one leads for a while.
  const isSteady = members !== null && prng.chance(0.6);
  const electionTimeoutMs = members === null ? prng.pick([200, 200, 300, 1000]) : 200;
  return {
    seed,
    nodes,
    clients: 0,
    thinkMs: 1,
    diskMs: prng.pick([1, 1, 5]),
    quiesceMs: 0,
    clockDrift,
    declaredDrift: clockDrift,
    mayOverlap: false,
    leases: true,
    priorities: false,
    lastPart: 'voter',
    mends: false,
    faultyMs,
    restlessMs: isSteady ? 0 : prng.pick([0, 0, 300, 1500]),
    stallMs: isSteady ? 0 : prng.pick([0, 500, 1000, 3000]),
    actMs: prng.pick([10, 40, 200]),
    slotMs: prng.pick([0, 0, 0, 50, 200]),
    members,
    tuning: {
      electionTimeoutMs,
      heartbeatIntervalMs: electionTimeoutMs / prng.pick([5, 10]),
      requestTimeoutMs: 2000,
      segmentBytes: 16_384,
      snapshotLogBytes: prng.pick([400, 10_000_000]),
      snapshotTailEntries: prng.pick([0, 5, 500]),
    },
    strikes: isSteady ? [] : drawStrikes(strikesPrng, faultyMs),
  };
}

/** Soon enough for a run of seconds: the least wait is ten election timeouts. */
const removalMs = 2000;

function drawMembers(prng: Prng, nodes: number): MembersPlan | null {
  if (nodes < 3) return null;
  return {
    afterMs: removalMs,
    floor: nodes === 3 ? prng.pick([2, 3]) : 3,
    leaveMs: prng.pick([0, 3000]),
    deathMs: prng.pick([0, 2000, 6000]),
  };
}

/** As `plan`, with clocks that drift much further than their nodes were told, and signers. */
export function violateDrift(plan: ElectionPlan): ElectionPlan {
  return {
    ...plan,
    clockDrift: 0.5,
    declaredDrift: 0.01,
    mayOverlap: true,
    // What shows it: whoever leads stands still for about a lease.
    stallMs: 500,
    slotMs: 50,
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
