import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { HeldContent } from '../core/database/database-content.ts';
import { writeDatabase } from '../core/database/database-writer.ts';

/**
 * A state as the bytes of a snapshot file, its SHA-256 at the end. It is drawn twice, since what
 * comes first is known last; each slice ends the turn, and nothing is drawn before it is asked for.
 */
export async function* drawBackup(
  content: HeldContent,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const measured = writeDatabase(content, () => undefined);
  let step = measured.next();
  while (!step.done) {
    await setImmediate();
    signal.throwIfAborted();
    step = measured.next();
  }
  const hash = createHash('sha256');
  let pending: Uint8Array[] = [step.value.head];
  const pages = writeDatabase(content, (page) => pending.push(page));
  for (let isDone = false; !isDone; ) {
    isDone = pages.next().done === true;
    // One piece for many small pages: targets take each by a call of its own.
    const piece = Buffer.concat(pending);
    pending = [];
    hash.update(piece);
    if (piece.length > 0) yield piece;
    // After the yield, too: by then the content may have been released.
    signal.throwIfAborted();
    await setImmediate();
    signal.throwIfAborted();
  }
  yield hash.digest();
}
