import { readFileSync } from 'node:fs';

/** A process, told apart from a later one with the same number where the system lets us. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In the kernel's ticks since boot; null where there is no /proc. */
  readonly startTicks: string | null;
}

export function identify(pid: number): ProcessIdentity {
  return { pid, startTicks: startTicksOf(pid) };
}

export function isAlive({ pid, startTicks }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Not ours to signal, but there.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const nowTicks = startTicksOf(pid);
  return startTicks === null || nowTicks === null || startTicks === nowTicks;
}

function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in brackets and may hold anything: count after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[19] ?? null;
  } catch {
    return null;
  }
}
