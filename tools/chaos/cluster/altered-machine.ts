// Loaded before a member's own code (node --import), on each of its threads: makes this machine
// look different to that one process. What it does stands in a small file that the run rewrites:
// {"wallOffsetMs", "clockRate", "syncDelayMs"}.
//
// Altered are Date (the wall clock), performance.now (the monotonic one, `clockRate` times as
// fast), the uptime with it, and how long fdatasync and fsync take. Timers
// are not, nor what the kernel stamps.
import fs, { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { isMainThread } from 'node:worker_threads';

const path = process.env['CHAOS_MACHINE'] ?? '';
const lookAgainMs = 50;
/** For one that is supervised to stop in order. */
const lastSecondsMs = 4000;

let altered = { wallOffsetMs: 0, clockRate: 1, syncDelayMs: 0 };
let lookedAtMs = Number.NEGATIVE_INFINITY;
/** Where the monotonic clock stood, altered and true, when its rate changed. */
let anchor = { trueMs: 0, alteredMs: 0 };

const trueNow = performance.now.bind(performance);

function look(): number {
  const nowMs = trueNow();
  if (nowMs - lookedAtMs < lookAgainMs) return nowMs;
  lookedAtMs = nowMs;
  try {
    const found = { ...altered, ...JSON.parse(readFileSync(path, 'utf8')) };
    if (found.clockRate !== altered.clockRate) {
      anchor = { trueMs: nowMs, alteredMs: monotonicAt(nowMs) };
    }
    altered = found;
  } catch {
    // Being rewritten, or not there: as before.
  }
  return nowMs;
}

function monotonicAt(trueMs: number): number {
  return anchor.alteredMs + (trueMs - anchor.trueMs) * altered.clockRate;
}

performance.now = () => monotonicAt(look());

// The kernel's clocks go at one rate: two rates would look like a machine that was suspended.
const trueUptime = os.uptime;
os.uptime = () => {
  const nowMs = look();
  return trueUptime() + (monotonicAt(nowMs) - nowMs) / 1000;
};

const TrueDate = Date;
globalThis.Date = class extends TrueDate {
  constructor(...words: []) {
    if (words.length === 0) super(alteredWallMs());
    else super(...words);
  }

  static override now(): number {
    return alteredWallMs();
  }
} as DateConstructor;

function alteredWallMs(): number {
  look();
  return TrueDate.now() + altered.wallOffsetMs;
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

function dawdle(): void {
  look();
  if (altered.syncDelayMs > 0) Atomics.wait(sleeper, 0, 0, altered.syncDelayMs);
}

for (const name of ['fdatasyncSync', 'fsyncSync'] as const) {
  const sync = fs[name];
  fs[name] = (descriptor) => {
    dawdle();
    sync(descriptor);
  };
}
for (const name of ['fdatasync', 'fsync'] as const) {
  const sync = fs[name];
  const slow = (descriptor: number, done: (error: NodeJS.ErrnoException | null) => void): void => {
    look();
    if (altered.syncDelayMs === 0) sync(descriptor, done);
    else setTimeout(() => sync(descriptor, done), altered.syncDelayMs);
  };
  Object.assign(fs, { [name]: slow });
}
syncBuiltinESMExports();

// Without the run nobody would ever stop this process.
if (isMainThread && process.channel !== undefined) {
  process.once('disconnect', () => setTimeout(() => process.exit(1), lastSecondsMs).unref());
  process.channel?.unref();
}
