import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What to put before a command so that it and all its threads share one core; may be nothing. */
export interface OneCore {
  readonly prefix: readonly string[];
  readonly description: string;
}

/** The last core this process may use, by taskset where there is one. */
export function oneCore(): OneCore {
  const core = lastAllowedCore();
  if (core !== null) {
    const prefix = ['taskset', '-c', core];
    const { status } = spawnSync('taskset', ['-c', core, 'true']);
    if (status === 0) return { prefix, description: `on core ${core}` };
  }
  return { prefix: [], description: 'not pinned to a core: there is no taskset here' };
}

function lastAllowedCore(): string | null {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return /^Cpus_allowed_list:.*?(\d+)$/m.exec(status)?.[1] ?? null;
  } catch {
    return null;
  }
}
