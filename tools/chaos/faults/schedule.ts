import { Prng } from '@quorate/base';

/** Two faults at once, one of each lane: what happens to processes, and to links and leadership. */
export const faultKinds = {
  process: [
    'kill-leader',
    'kill-one',
    'kill-minority',
    'kill-all',
    'pause-leader',
    'pause-one',
    'full-disk',
    'slow-disk',
    'clock-jump',
    'clock-drift',
    'rolling-restart',
    'replace-member',
  ],
  network: [
    'isolate-leader',
    'isolate-one',
    'cut-outgoing',
    'cut-incoming',
    'cut-pair',
    'halves',
    'flapping',
    'slow-links',
    'narrow-links',
    'reset-connections',
    'cut-clients',
    'lose-answers',
    'slow-clients',
    'move-leader',
  ],
} as const;

export type Lane = keyof typeof faultKinds;
export type FaultKind = (typeof faultKinds)[Lane][number];

/** A fault as it is drawn; which member it meets is seen when it begins. */
export interface PlannedFault {
  readonly lane: Lane;
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly forMs: number;
  /** Chooses among the members there are then. */
  readonly luck: number;
  /** From 0 to 1: how slow, how far, how much. */
  readonly strength: number;
}

/** Everybody finds each other first, and in the end nothing begins that cannot end. */
const firstAtMs = 3000;
const lastBeforeEndMs = 3000;
const gapMs = { least: 500, most: 4000 };

/**
 * Draws what is to happen. Kinds come from a bag that is filled again when it is empty, so that a
 * run of some minutes meets each of them.
 *
 * @returns in the order of their beginning; the same for the same seed and duration
 */
export function drawSchedule(seed: number, durationMs: number, electionTimeoutMs: number) {
  const prng = new Prng(seed);
  const all: PlannedFault[] = [];
  for (const lane of ['process', 'network'] as const) {
    const own = prng.fork();
    let bag: FaultKind[] = [];
    let atMs = firstAtMs + own.below(2000);
    for (;;) {
      if (bag.length === 0) bag = own.shuffle<FaultKind>(faultKinds[lane]);
      const kind = bag.pop() ?? 'kill-one';
      const forMs = durationOf(kind, own, electionTimeoutMs);
      if (atMs + forMs > durationMs - lastBeforeEndMs) break;
      const luck = own.uint32();
      all.push({ lane, kind, atMs, forMs, luck, strength: own.float() });
      atMs += forMs + own.between(gapMs.least, gapMs.most);
    }
  }
  return all.sort((a, b) => a.atMs - b.atMs);
}

function durationOf(kind: FaultKind, prng: Prng, electionTimeoutMs: number): number {
  switch (kind) {
    case 'pause-leader':
    case 'pause-one':
      return prng.between(electionTimeoutMs >> 1, electionTimeoutMs * 5);
    case 'kill-all':
      return prng.between(200, 2000);
    case 'rolling-restart':
    case 'replace-member':
    case 'move-leader':
    case 'reset-connections':
      return 1000;
    default:
      return prng.between(electionTimeoutMs, electionTimeoutMs * 12);
  }
}

export function describeFault({ kind, atMs, forMs, luck, strength }: PlannedFault): string {
  const at = `${(atMs / 1000).toFixed(1)} s`.padStart(8);
  const length = `${(forMs / 1000).toFixed(1)} s`.padStart(7);
  return `${at}  ${kind.padEnd(18)}${length}  luck ${luck}, strength ${strength.toFixed(2)}`;
}
