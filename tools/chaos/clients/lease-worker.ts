import { attach, grant, keepAlive, revoke } from './lease-calls.ts';
import type { Worker } from './worker.ts';

/**
 * Gets leases, hangs keys on them, renews them for a while, and then lets them end: by doing
 * nothing, or by asking for it.
 */
export async function workOnLeases(worker: Worker): Promise<void> {
  const { prng } = worker;
  const own = worker.process;
  for (let round = 1; !worker.isStopped; round++) {
    const granted = await grant(worker, prng.between(2, 5));
    if (granted === null) {
      await worker.pause(300);
      continue;
    }
    const { lease, ttl } = granted;
    const keys = prng.between(1, 3);
    for (let key = 0; key < keys && !worker.isStopped; key++) {
      await attach(worker, `l/${own}.${round}.${key}`, `${lease}.${key}`, lease);
    }
    for (let renewals = prng.below(6); renewals > 0 && !worker.isStopped; renewals--) {
      // Mostly in good time, sometimes as late as can be.
      await worker.pause(ttl * 1000 * (prng.chance(0.8) ? 0.3 : 0.95));
      if ((await keepAlive(worker, lease)) === 0) break;
    }
    if (prng.chance(0.3)) await revoke(worker, lease);
    await worker.pause(prng.between(100, ttl * 1000));
  }
}
