import { pbkdf2 } from 'node:crypto';
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  writev,
  writevSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { DiskThread } from '../src/disk/disk-thread.ts';

/**
 * Ways to append and make durable, one append at a time, as one waiting client sees it:
 *   sync    writevSync and fdatasyncSync on the main thread
 *   thread  the disk thread, which is what the file-system port uses
 *   pool    fs.writev and fs.fdatasync on libuv's pool
 * each also while four key derivations keep the pool busy, as an application might.
 *
 * `node packages/node/bench/disk.bench.ts [directory] [appends]`; the directory decides the disk.
 */
type Append = (descriptor: number, chunk: Uint8Array, offset: number, done: () => void) => void;

interface Figures {
  readonly appendsPerSecond: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Processor time of the main thread an append. */
  readonly mainMicros: number;
  /** The longest the event loop was late. */
  readonly loopDelayMaxMs: number;
}

function check(error: unknown): void {
  if (error !== null) throw error;
}

const appendSync: Append = (descriptor, chunk, offset, done) => {
  writevSync(descriptor, [chunk], offset);
  fdatasyncSync(descriptor);
  // Through the event loop, as the port's contract has it.
  setImmediate(done);
};

const appendPool: Append = (descriptor, chunk, offset, done) => {
  writev(descriptor, [chunk], offset, (error) => {
    check(error);
    fdatasync(descriptor, (syncError) => {
      check(syncError);
      done();
    });
  });
};

function appendThread(thread: DiskThread): Append {
  return (descriptor, chunk, offset, done) => {
    thread.writeDurably(descriptor, offset, [chunk], (failure) => {
      check(failure);
      done();
    });
  };
}

/** Keeps libuv's four threads busy until the returned function is called. */
function occupyPool(): () => void {
  let stopped = false;
  const again = (): void => {
    if (!stopped) pbkdf2('secret', 'salt', 5_000, 64, 'sha512', again);
  };
  for (let i = 0; i < 4; i++) again();
  return () => {
    stopped = true;
  };
}

async function measure(
  path: string,
  append: Append,
  bytes: number,
  appends: number,
): Promise<Figures> {
  const descriptor = openSync(path, 'w');
  const chunk = new Uint8Array(bytes).fill(7);
  const micros: number[] = [];
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const processor = process.threadCpuUsage();
  const begin = performance.now();
  for (let i = 0; i < appends; i++) {
    const submitted = performance.now();
    await new Promise<void>((fulfil) => append(descriptor, chunk, i * bytes, fulfil));
    micros.push((performance.now() - submitted) * 1000);
  }
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.threadCpuUsage(processor);
  delays.disable();
  closeSync(descriptor);
  rmSync(path);
  micros.sort((a, b) => a - b);
  return {
    appendsPerSecond: Math.round(appends / seconds),
    p50Micros: Math.round(micros[appends >>> 1] as number),
    p99Micros: Math.round(micros[Math.floor(appends * 0.99)] as number),
    mainMicros: Math.round((user + system) / appends),
    loopDelayMaxMs: Math.round(delays.max / 1e5) / 10,
  };
}

async function run(directory: string, appends: number): Promise<void> {
  const thread = new DiskThread();
  const path = join(directory, 'appends');
  const variants: readonly (readonly [string, Append])[] = [
    ['sync', appendSync],
    ['thread', appendThread(thread)],
    ['pool', appendPool],
  ];
  for (const [, append] of variants) await measure(path, append, 4096, 100);
  const results: Record<string, Figures> = {};
  for (const busy of [false, true]) {
    for (const bytes of [4096, 65_536]) {
      for (const [name, append] of variants) {
        const release = busy ? occupyPool() : () => undefined;
        const figures = await measure(path, append, bytes, busy ? appends / 10 : appends);
        release();
        const label = `${name}-${bytes / 1024}KiB${busy ? '-busyPool' : ''}`;
        results[label] = figures;
        const { appendsPerSecond, p50Micros, p99Micros, mainMicros } = figures;
        console.log(
          `${label.padEnd(24)} ${appendsPerSecond}/s, median ${p50Micros} us, ` +
            `99 % ${p99Micros} us, main thread ${mainMicros} us each, ` +
            `loop late by up to ${figures.loopDelayMaxMs} ms`,
        );
      }
    }
  }
  await thread.close();
  console.log(JSON.stringify({ bench: 'disk', appends, results }));
}

const directory = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'quorate-bench-'));
try {
  await run(directory, Number(process.argv[3] ?? 2_000));
} finally {
  rmSync(directory, { recursive: true });
}
