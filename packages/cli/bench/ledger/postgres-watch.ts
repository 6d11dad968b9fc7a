import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Ends a PostgreSQL whose bench is gone, as after a SIGKILL, and removes its directory, which is
 * the argument. The bench holds the other end of the standard input, and kills this process when it
 * has ended its server itself.
 */
const [directory = ''] = process.argv.slice(2);
const stopLimitMs = 15_000;
const lookEveryMs = 50;

process.stdin.resume().once('close', () => {
  const server = serverIn(directory);
  const deadlineMs = performance.now() + stopLimitMs;
  if (server !== null) send(server, 'SIGQUIT');
  const look = (): void => {
    const isLate = performance.now() >= deadlineMs;
    if (server !== null && send(server, isLate ? 'SIGKILL' : 0) && !isLate) {
      setTimeout(look, lookEveryMs);
      return;
    }
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  };
  look();
});

/** @returns the process that has the data; null when there is none yet, or no more */
function serverIn(parent: string): number | null {
  let text: string;
  try {
    text = readFileSync(join(parent, 'data', 'postmaster.pid'), 'utf8');
  } catch {
    return null;
  }
  const id = Number(text.split('\n')[0]);
  return Number.isSafeInteger(id) && id > 1 ? id : null;
}

/** @returns whether the process is there */
function send(id: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(id, signal);
  } catch {
    return false;
  }
}
