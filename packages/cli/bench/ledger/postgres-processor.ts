import { readFileSync } from 'node:fs';

/**
 * The processor time of a server and its connections so far, in microseconds; those of ended
 * connections are counted to the server.
 *
 * @returns null where there is no /proc
 */
export function serverProcessorMicros(processId: number): number | null {
  try {
    const children = readFileSync(`/proc/${processId}/task/${processId}/children`, 'utf8');
    const living = children.trim().split(' ').filter(Boolean);
    const ticks = living.map((child) => ticksOf(Number(child), 2));
    return 10_000 * ticks.reduce((sum, each) => sum + each, ticksOf(processId, 4));
  } catch {
    return null;
  }
}

/** @param fields 2: its own, of user and system; 4: those of ended children as well */
function ticksOf(processId: number, fields: 2 | 4): number {
  const text = readFileSync(`/proc/${processId}/stat`, 'utf8');
  const all = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return all.slice(11, 11 + fields).reduce((sum, field) => sum + Number(field), 0);
}
