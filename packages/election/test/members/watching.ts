import type { Election } from '../../src/index.ts';

const lookEveryMs = 20;

/**
 * A voter is removed after a whole wait under one leader, which a busy machine must not end: so
 * these are longer than elsewhere.
 */
export const patientTiming = { heartbeatIntervalMs: 100, electionTimeoutMs: 800 };

export const removeDead = { afterMs: 10 * patientTiming.electionTimeoutMs };

/** Looks until it is so. The test's own time limit is the only one. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await new Promise((fulfil) => {
      setTimeout(fulfil, lookEveryMs);
    });
  }
}

/** As the node knows them. */
export function voters(election: Election): string {
  const ids = election.members().filter(({ role }) => role === 'voter');
  return ids.map(({ id }) => id).join(' ');
}

/** Whichever leads the group, and so knows of the silence of others. */
export function leaderOf(elections: readonly Election[]): Election | undefined {
  return elections.find((one) => one.members().some(({ silentMs }) => silentMs !== null));
}
