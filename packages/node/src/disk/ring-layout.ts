/**
 * The memory that the main thread and the disk worker share.
 *
 * `control`, three 32-bit counters, all accessed with Atomics only:
 *   submitted  jobs handed over so far, wrapping; the worker waits for it to move
 *   completed  jobs carried out so far, wrapping
 *   signalled  1 while a message to the main thread is under way: one wakes it for many jobs
 *
 * `slots`, `slotCount` times `slotWords` doubles (a double holds any file offset exactly); job n is
 * in slot n % slotCount: descriptor, offset in the file, start and length of its bytes in `bytes`,
 * durable (1: fdatasync after it), and, once completed, the errno (0: done, negative otherwise).
 *
 * `bytes`, a ring of file content, every job's in one piece.
 *
 * Slots and bytes are plain memory: who may touch them changes hands with `submitted` and
 * `completed`, whose atomic stores order the accesses.
 */
export interface RingMemory {
  readonly control: SharedArrayBuffer;
  readonly slots: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
}

export const controlWords = 3;
export const submittedWord = 0;
export const completedWord = 1;
export const signalledWord = 2;

/** A power of two, so that slots stay in order when the counters wrap. */
export const slotCount = 64;
export const slotWords = 6;
export const descriptorWord = 0;
export const offsetWord = 1;
export const startWord = 2;
export const lengthWord = 3;
export const durableWord = 4;
export const errnoWord = 5;

/** A batch larger than a piece is copied while its beginning is already being written. */
export const pieceBytes = 256 * 1024;
export const ringBytes = 4 * pieceBytes;

/** First word of the slot of job `counter`, which wraps at 32 bits. */
export function slotAt(counter: number): number {
  return (counter & (slotCount - 1)) * slotWords;
}
