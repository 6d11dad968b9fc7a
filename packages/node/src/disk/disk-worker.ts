import { fdatasyncSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { RingMemory } from './ring-layout.ts';
import {
  completedWord,
  descriptorWord,
  durableWord,
  errnoWord,
  lengthWord,
  offsetWord,
  signalledWord,
  slotAt,
  startWord,
  submittedWord,
} from './ring-layout.ts';

/** EIO, for a failure that names no error number. */
const unknownErrno = -5;

const memory = workerData as RingMemory;
const control = new Int32Array(memory.control);
const slots = new Float64Array(memory.slots);
const bytes = new Uint8Array(memory.bytes);

function write(descriptor: number, offset: number, start: number, length: number): void {
  let written = 0;
  // A full disk shows as a short write first; the next one says why.
  while (written < length) {
    const rest = length - written;
    written += writeSync(descriptor, bytes, start + written, rest, offset + written);
  }
}

/** @returns 0 or a negative error number */
function carryOut(slot: number): number {
  const descriptor = slots[slot + descriptorWord] as number;
  try {
    write(
      descriptor,
      slots[slot + offsetWord] as number,
      slots[slot + startWord] as number,
      slots[slot + lengthWord] as number,
    );
    if (slots[slot + durableWord] === 1) fdatasyncSync(descriptor);
    return 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).errno ?? unknownErrno;
  }
}

// Never returns: this thread has nothing else to do, and it ends with `terminate` or the process.
let completed = Atomics.load(control, completedWord);
for (;;) {
  Atomics.wait(control, submittedWord, completed);
  while (Atomics.load(control, submittedWord) !== completed) {
    const slot = slotAt(completed);
    slots[slot + errnoWord] = carryOut(slot);
    completed = (completed + 1) | 0;
    Atomics.store(control, completedWord, completed);
    if (Atomics.exchange(control, signalledWord, 1) === 0) parentPort?.postMessage(null);
  }
}
