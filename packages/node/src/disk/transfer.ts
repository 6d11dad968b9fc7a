import { read, writev } from 'node:fs';
import { present } from '@quorate/base';

/** The chunks without their first `count` bytes. */
function without(chunks: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count;
  const rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (skip < chunk.length) rest.push(skip === 0 ? chunk : chunk.subarray(skip));
    skip = Math.max(0, skip - chunk.length);
  }
  return rest;
}

/** Writes all of the chunks, however many calls that takes. */
export function writeWhole(
  descriptor: number,
  offset: number,
  chunks: readonly Uint8Array[],
  done: (failure: Error | null) => void,
): void {
  const rest = without(chunks, 0);
  if (rest.length === 0) {
    setImmediate(done, null);
    return;
  }
  writev(descriptor, rest, offset, (failure, written) => {
    if (failure !== null) {
      done(failure);
      return;
    }
    const left = without(rest, written);
    if (left.length === 0) done(null);
    // A full disk shows as a short write first; the next one says why.
    else writeWhole(descriptor, offset + written, left, done);
  });
}

/** Reads until `length` bytes are there or the file ends. */
export function readWhole(
  descriptor: number,
  offset: number,
  length: number,
  done: (failure: Error | null, bytes: Uint8Array | null) => void,
): void {
  const bytes = new Uint8Array(length);
  const readFrom = (filled: number): void => {
    if (filled === length) {
      setImmediate(done, null, bytes);
      return;
    }
    read(descriptor, bytes, filled, length - filled, offset + filled, (failure, count) => {
      if (failure !== null) done(failure, null);
      else if (count === 0) done(null, bytes.subarray(0, filled));
      else readFrom(filled + present(count, 'a read without failure counts its bytes'));
    });
  };
  readFrom(0);
}
