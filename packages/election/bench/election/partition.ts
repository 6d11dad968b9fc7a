import { Cluster, type ClusterPlan, millisBetween } from './cluster.ts';
import { isAfter, type Progress, quiet } from './failover.ts';
import { type Spread, spreadOf } from './figures.ts';

export interface Partition {
  /** From the cut to the moment at which the leader that was cut off no longer leads. */
  readonly lost: Spread;
  /** From the cut to the next leadership. */
  readonly elected: Spread;
  /** Between the two: nobody leads. */
  readonly nobody: Spread;
  /** Rounds in which the next one led before the old one had ceased to. */
  readonly overlaps: number;
}

/** The leader is cut off from all others, which hear each other; then the links are whole again. */
export async function partition(
  plan: ClusterPlan,
  rounds: number,
  progress: Progress,
): Promise<Partition> {
  const cluster = await Cluster.start({ ...plan, delayMs: plan.delayMs ?? 0 });
  try {
    const lost: number[] = [];
    const elected: number[] = [];
    const nobody: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const leader = await quiet(cluster);
      const ends = cluster.next('the end of a leadership that was cut off', (told) => {
        return told.what === 'lost' && told.token === leader.token;
      });
      const next = cluster.next('a next leadership', isAfter(leader));
      const others = cluster.ids.filter((id) => id !== leader.id);
      const cutNs = process.hrtime.bigint();
      for (const other of others) cluster.links?.setCut(leader.id, other, true);
      const [{ atNs: lostNs }, { atNs: electedNs }] = await Promise.all([ends, next]);
      lost.push(millisBetween(cutNs, lostNs));
      elected.push(millisBetween(cutNs, electedNs));
      nobody.push(millisBetween(lostNs, electedNs));
      progress(
        `cut ${round + 1} of ${rounds}: lost after ${lost.at(-1)?.toFixed(0)} ms, ` +
          `elected after ${elected.at(-1)?.toFixed(0)} ms`,
      );
      for (const other of others) cluster.links?.setCut(leader.id, other, false);
    }
    return {
      lost: spreadOf(lost),
      elected: spreadOf(elected),
      nobody: spreadOf(nobody),
      overlaps: nobody.filter((gap) => gap < 0).length,
    };
  } finally {
    await cluster.close();
  }
}
