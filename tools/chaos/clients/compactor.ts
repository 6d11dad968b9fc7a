import { methods } from './methods.ts';
import type { Worker } from './worker.ts';

/** Forgets history, never what the auditor has not been told yet. */
export async function compactNowAndThen(worker: Worker, told: () => number): Promise<void> {
  const { prng } = worker;
  let compacted = 0;
  while (!worker.isStopped) {
    await worker.pause(prng.between(2000, 6000));
    const revision = told() - prng.between(1, 300);
    if (worker.isStopped || revision <= compacted) continue;
    compacted = revision;
    await worker.record(
      'compact',
      null,
      revision,
      (to) => to.call(methods.compact, { revision, physical: prng.chance(0.3) }),
      () => ({ value: revision }),
    );
    worker.move();
  }
}
