import type { SimulatedNode } from './simulated-node.ts';

/** How a node may say that its data is not what it wrote. */
export const refusals: ReadonlySet<string> = new Set([
  'STORAGE_CORRUPT',
  'STORAGE_SNAPSHOT_CORRUPT',
  'STORAGE_SNAPSHOT_MISSING',
  'STORAGE_VERSION_UNSUPPORTED',
  // Of a state machine that keeps files of its own.
  'LEDGER_PART_DAMAGED',
]);

const lasting: ReadonlySet<string> = new Set(['lost sync', 'misdirected write', 'flipped bit']);

/**
 * The last thing that did damage a node's disk for good, if anything did since it was repaired; a
 * repair leaves nothing that could show later.
 */
export function damageOf({ disk, mendedFaults }: SimulatedNode): string | null {
  const since = disk.struckFaults.slice(mendedFaults);
  const fault = since.findLast(({ kind }) => lasting.has(kind));
  return fault === undefined ? null : `${fault.kind} in ${fault.path}`;
}

/**
 * What may have made a node forget, noticed by nothing. One bit that turned cannot, once a repair
 * has found it: where it was, all that is missing is known.
 */
export function excuseForForgetting(node: SimulatedNode): string | null {
  const struck = node.disk.struckFaults.filter(({ kind }) => lasting.has(kind));
  if (node.mendedFaults === 0) return damageOf(node);
  if (struck.length === 1 && struck[0]?.kind === 'flipped bit') return null;
  const last = struck.at(-1);
  return last === undefined ? null : `${last.kind} in ${last.path}, repaired`;
}

/** Whether there is not always room on the disk. */
export function isLimited(node: SimulatedNode): boolean {
  return node.disk.capacityBytes !== Number.POSITIVE_INFINITY;
}
