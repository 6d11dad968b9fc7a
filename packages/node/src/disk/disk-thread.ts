import { getSystemErrorMap } from 'node:util';
import { Worker } from 'node:worker_threads';
import { assert, present } from '@quorate/base';
import type { RingMemory } from './ring-layout.ts';
import {
  completedWord,
  controlWords,
  descriptorWord,
  durableWord,
  errnoWord,
  lengthWord,
  offsetWord,
  pieceBytes,
  ringBytes,
  signalledWord,
  slotAt,
  slotCount,
  slotWords,
  startWord,
  submittedWord,
} from './ring-layout.ts';

/** Why an operation failed, in the form of Node's own file-system errors. */
export interface DiskFailure {
  /** `ENOSPC`, say; `EIO` when the worker itself has died. */
  readonly code: string;
  readonly message: string;
}

export type DiskDone = (failure: DiskFailure | null) => void;

interface Job {
  readonly descriptor: number;
  readonly offset: number;
  readonly chunks: readonly Uint8Array[];
  readonly length: number;
  readonly done: DiskDone;
  /** How much has been handed over, and where in `chunks` that is. */
  handedOver: number;
  chunk: number;
  chunkOffset: number;
  errno: number;
}

interface Piece {
  readonly job: Job;
  /** Ring bytes it holds, those skipped at the ring's end included. */
  readonly heldBytes: number;
  readonly last: boolean;
}

/** Nothing the worker does needs a heap worth speaking of. */
const resourceLimits = {
  maxOldGenerationSizeMb: 16,
  maxYoungGenerationSizeMb: 2,
  stackSizeMb: 1,
};

function startWorker(memory: RingMemory): Worker {
  // Built or run from source, the worker has the extension of this file.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Worker(new URL(`./disk-worker.${extension}`, import.meta.url), {
    workerData: memory,
    name: 'quorate-disk',
    // What the parent was started with (a preload, --test) is no business of this thread.
    execArgv: [],
    resourceLimits,
  });
}

/**
 * Writes and makes durable on a thread of its own that blocks on the disk, in the order of
 * submission.
 *
 * Why a thread: on the main thread a stalled disk would freeze everything, the leader's step-down
 * included, and libuv's pool is shared with name lookups and whatever else the application does.
 * Why shared memory: the hand-over costs a copy and a futex, which is less than the pool's
 * (bench/disk.bench.ts measures all three).
 */
export class DiskThread {
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * controlWords));
  readonly #slots = new Float64Array(new SharedArrayBuffer(8 * slotWords * slotCount));
  readonly #bytes = new Uint8Array(new SharedArrayBuffer(ringBytes));
  readonly #worker: Worker;
  readonly #waiting: Job[] = [];
  readonly #pieces: Piece[] = [];
  #submitted = 0;
  #completed = 0;
  #writeAt = 0;
  #heldBytes = 0;
  #death: DiskFailure | null = null;

  constructor() {
    this.#worker = startWorker({
      control: this.#control.buffer,
      slots: this.#slots.buffer,
      bytes: this.#bytes.buffer,
    });
    this.#worker.on('message', () => this.#complete());
    this.#worker.on('error', (error) => this.#die(error.message));
    this.#worker.on('exit', (code) => this.#die(`exit code ${code}`));
    // Only work under way holds the process.
    this.#worker.unref();
  }

  /** Not null once the worker has ended; nothing is carried out any more. */
  get death(): DiskFailure | null {
    return this.#death;
  }

  /** Writes the chunks at `offset`, then fdatasync. `done` is called from the event loop. */
  writeDurably(
    descriptor: number,
    offset: number,
    chunks: readonly Uint8Array[],
    done: DiskDone,
  ): void {
    if (this.#death !== null) {
      setImmediate(done, this.#death);
      return;
    }
    let length = 0;
    for (const chunk of chunks) length += chunk.length;
    if (this.#waiting.length === 0 && this.#pieces.length === 0) this.#worker.ref();
    this.#waiting.push({
      descriptor,
      offset,
      chunks,
      length,
      done,
      handedOver: 0,
      chunk: 0,
      chunkOffset: 0,
      errno: 0,
    });
    this.#handOver();
  }

  /** Ends the thread; what is still under way completes with a failure. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #handOver(): void {
    const before = this.#submitted;
    while (this.#waiting.length > 0 && this.#pieces.length < slotCount) {
      const job = present(this.#waiting[0], 'a job waits');
      const length = Math.min(job.length - job.handedOver, pieceBytes);
      const start = this.#reserve(length);
      if (start === null) break;
      this.#submitPiece(job, start.at, length, start.heldBytes);
      if (job.handedOver === job.length) this.#waiting.shift();
    }
    if (this.#submitted === before) return;
    Atomics.store(this.#control, submittedWord, this.#submitted);
    Atomics.notify(this.#control, submittedWord);
  }

  #reserve(length: number): { at: number; heldBytes: number } | null {
    // From the start whenever possible: memory that was used last is in the cache.
    if (this.#heldBytes === 0) this.#writeAt = 0;
    const tail = ringBytes - this.#writeAt;
    const skipped = length <= tail ? 0 : tail;
    const heldBytes = skipped + length;
    if (this.#heldBytes + heldBytes > ringBytes) return null;
    const at = skipped === 0 ? this.#writeAt : 0;
    this.#writeAt = (at + length) % ringBytes;
    this.#heldBytes += heldBytes;
    return { at, heldBytes };
  }

  #submitPiece(job: Job, start: number, length: number, heldBytes: number): void {
    const slot = slotAt(this.#submitted);
    this.#slots[slot + descriptorWord] = job.descriptor;
    this.#slots[slot + offsetWord] = job.offset + job.handedOver;
    this.#slots[slot + startWord] = start;
    this.#slots[slot + lengthWord] = length;
    this.#copy(job, start, length);
    const last = job.handedOver === job.length;
    this.#slots[slot + durableWord] = last ? 1 : 0;
    this.#pieces.push({ job, heldBytes, last });
    this.#submitted = (this.#submitted + 1) | 0;
  }

  #copy(job: Job, start: number, length: number): void {
    const end = start + length;
    let at = start;
    while (at < end) {
      const chunk = present(job.chunks[job.chunk], 'a job has as many bytes as its chunks');
      const count = Math.min(chunk.length - job.chunkOffset, end - at);
      this.#bytes.set(chunk.subarray(job.chunkOffset, job.chunkOffset + count), at);
      at += count;
      job.chunkOffset += count;
      if (job.chunkOffset < chunk.length) continue;
      job.chunk++;
      job.chunkOffset = 0;
    }
    job.handedOver += length;
  }

  #complete(): void {
    // Before the counter is read: what completes later sends another message.
    Atomics.store(this.#control, signalledWord, 0);
    const completed = Atomics.load(this.#control, completedWord);
    const finished: Job[] = [];
    while (this.#completed !== completed) {
      const piece = present(this.#pieces.shift(), 'a piece was submitted for each completion');
      const errno = this.#slots[slotAt(this.#completed) + errnoWord] as number;
      if (piece.job.errno === 0) piece.job.errno = errno;
      this.#completed = (this.#completed + 1) | 0;
      this.#heldBytes -= piece.heldBytes;
      if (piece.last) finished.push(piece.job);
    }
    assert(this.#heldBytes >= 0, 'ring bytes are given back once');
    this.#handOver();
    if (this.#pieces.length === 0) this.#worker.unref();
    for (const job of finished) job.done(job.errno === 0 ? null : failureOf(job.errno));
  }

  #die(reason: string): void {
    if (this.#death !== null) return;
    // What the worker finished before it ended is finished.
    this.#complete();
    this.#death = { code: 'EIO', message: `the disk thread has ended (${reason})` };
    const jobs = new Set([...this.#pieces.map((piece) => piece.job), ...this.#waiting]);
    this.#pieces.length = 0;
    this.#waiting.length = 0;
    for (const job of jobs) job.done(this.#death);
  }
}

function failureOf(errno: number): DiskFailure {
  const [code, message] = getSystemErrorMap().get(errno) ?? ['EIO', `error number ${errno}`];
  return { code, message: `${code}: ${message}` };
}
