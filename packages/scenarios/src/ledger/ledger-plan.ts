import { Prng } from '@quorate/base';
import { type ClusterPlan, drawStrikes, drawTuning } from '@quorate/sim';

/** A run of the ledger scenario as data. */
export interface LedgerPlan extends ClusterPlan {
  /** That clients open; the first of them takes part in every other transfer. */
  readonly accounts: number;
  /** In one batch, at most. */
  readonly events: number;
  /** Time to live of the sessions in which most clients write; 0: all write without. */
  readonly sessionTtlMs: number;
  /** Between two checks of the state that replicas vote on. */
  readonly batchesPerCheck: number;
  /** Entries between two snapshots that are looked at; 0: none is. */
  readonly auditEvery: number;
}

/** What the seed decides before the run, every strike with its time included. */
export function drawLedgerPlan(seed: number, nodes: number): LedgerPlan {
  // Not the stream that the cluster draws from, which begins with the seed itself.
  const prng = new Prng(seed).fork().fork();
  const tuningPrng = prng.fork();
  const strikesPrng = prng.fork();
  const faultyMs = prng.between(3000, 9000);
  return {
    seed,
    nodes,
    clients: prng.pick([1, 3, 6]),
    accounts: prng.between(3, 20),
    events: prng.pick([2, 6, 12, 60]),
    thinkMs: prng.pick([10, 40, 80]),
    diskMs: prng.pick([1, 1, 5, 25]),
    clockDrift: prng.pick([0, 0, 0.001, 0.05]),
    quiesceMs: prng.pick([0, 0, 300, 2000]),
    leases: prng.chance(0.6),
    sessionTtlMs: prng.chance(0.6) ? prng.pick([400, 1500, 10_000]) : 0,
    priorities: prng.chance(0.2),
    lastPart: nodes < 3 || prng.chance(0.8) ? 'voter' : prng.pick(['learner', 'witness'] as const),
    mends: prng.chance(0.8),
    batchesPerCheck: prng.pick([4, 16, 64]),
    auditEvery: prng.pick([0, 30, 60]),
    faultyMs,
    tuning: drawTuning(tuningPrng),
    strikes: drawStrikes(strikesPrng, faultyMs),
  };
}
