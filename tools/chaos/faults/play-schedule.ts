import type { Json } from '../history/history-event.ts';
import type { HistoryWriter } from '../history/history-writer.ts';
import type { Begin, FaultWorld } from './fault.ts';
import { networkFaults } from './network-faults.ts';
import { processFaults } from './process-faults.ts';
import type { FaultKind, Lane, PlannedFault } from './schedule.ts';

const faults: Readonly<Record<FaultKind, Begin>> = { ...processFaults, ...networkFaults };

export interface PlayedFaults {
  /** How often each has happened. */
  readonly counts: ReadonlyMap<FaultKind, number>;
  /** What could not be done, and why. */
  readonly skipped: ReadonlyMap<FaultKind, string>;
}

/** Plays both lanes; resolves when the last fault is over, or soon after the run is stopped. */
export async function playSchedule(
  schedule: readonly PlannedFault[],
  world: FaultWorld,
  history: HistoryWriter,
  durationMs: number,
): Promise<PlayedFaults> {
  const counts = new Map<FaultKind, number>();
  const skipped = new Map<FaultKind, string>();
  const originMs = performance.now();
  const note = (f: string, value: Json): void => {
    history.add({ process: 'nemesis', type: 'info', f, key: null, value });
  };
  const playLane = async (lane: Lane): Promise<void> => {
    for (const planned of schedule) {
      if (planned.lane !== lane) continue;
      // Some take longer than planned: those behind wait, and the last ones never begin.
      if (performance.now() - originMs + planned.forMs > durationMs) return;
      await world.pause(originMs + planned.atMs - performance.now());
      if (world.stop.aborted) return;
      note(`${planned.kind}-begins`, null);
      const begun = await faults[planned.kind](world, planned);
      if ('skipped' in begun) {
        skipped.set(planned.kind, begun.skipped);
        note(`${planned.kind}-skipped`, begun.skipped);
        continue;
      }
      counts.set(planned.kind, (counts.get(planned.kind) ?? 0) + 1);
      note(planned.kind, begun.value);
      await world.pause(planned.forMs);
      await begun.end();
      note(`${planned.kind}-ends`, null);
    }
  };
  await Promise.all([playLane('process'), playLane('network')]);
  return { counts, skipped };
}
