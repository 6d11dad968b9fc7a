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
  return sumOf(processIds, (processId) => {
    const text = readFileSync(`/proc/${processId}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[userField]) + Number(fields[systemField])) * microsPerTick;
  });
}

/**
 * What these processes have in memory now, all together, in bytes.
 *
 * @returns null where there is no /proc
 */
export function residentBytes(processIds: readonly number[]): number | null {
  return sumOf(processIds, (processId) => {
    const text = readFileSync(`/proc/${processId}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024;
  });
}

function sumOf(processIds: readonly number[], read: (processId: number) => number): number | null {
  try {
    return processIds.reduce((sum, processId) => sum + read(processId), 0);
  } catch {
    return null;
  }
}
