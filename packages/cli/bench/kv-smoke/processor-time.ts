import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, whatever its clock does. */
const microsPerTick = 10_000;
/** Where user and system time stand behind the name, which is in parentheses. */
const userField = 11;
const systemField = 12;

/**
 * The processor time that these processes have taken so far, all threads together.
 *
 * @returns null where there is no /proc
 */
export function processorMicros(processIds: readonly number[]): number | null {
  let ticks = 0;
  for (const processId of processIds) {
    try {
      const text = readFileSync(`/proc/${processId}/stat`, 'utf8');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      ticks += Number(fields[userField]) + Number(fields[systemField]);
    } catch {
      return null;
    }
  }
  return ticks * microsPerTick;
}
