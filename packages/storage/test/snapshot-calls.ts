import assert from 'node:assert/strict';
import type { SnapshotReader, SnapshotStore, SnapshotWriter } from '@quorate/raft';
import type { SnapshotMeta } from '@quorate/schema';
import type { VirtualWorld } from './virtual-world.ts';

/** Runs until the call has answered; throws the error it answered with. */
export function answer<T>(
  world: VirtualWorld,
  call: (done: (error: Error | null, value?: T) => void) => void,
) {
  const found: { error: Error | null; value: T | undefined }[] = [];
  call((error, value) => found.push({ error, value }));
  assert.equal(found.length, 0, 'never answered from inside the call');
  world.run();
  assert.equal(found.length, 1, 'answered once');
  if (found[0]?.error) throw found[0].error;
  return found[0]?.value as T;
}

export function create(
  world: VirtualWorld,
  store: SnapshotStore,
  group: number,
  meta: SnapshotMeta,
) {
  return answer<SnapshotWriter | null>(world, (done) =>
    store.create(group, meta, done),
  ) as SnapshotWriter;
}

export function save(
  world: VirtualWorld,
  store: SnapshotStore,
  group: number,
  meta: SnapshotMeta,
  chunks: readonly Uint8Array[],
): void {
  const writer = create(world, store, group, meta);
  for (const chunk of chunks) answer<void>(world, (done) => writer.write(chunk, done));
  answer<void>(world, (done) => writer.commit(done));
}

export function load(
  world: VirtualWorld,
  store: SnapshotStore,
  group: number,
  meta: SnapshotMeta,
  firstChunk = 0,
): Uint8Array[] {
  const open = (done: (error: Error | null, reader?: SnapshotReader | null) => void): void =>
    store.open(group, meta, firstChunk, done);
  const reader = answer<SnapshotReader | null>(world, open) as SnapshotReader;
  const chunks: Uint8Array[] = [];
  try {
    for (;;) {
      const chunk = answer<Uint8Array | null>(world, (done) => reader.next(done));
      if (chunk === null) break;
      chunks.push(Uint8Array.from(chunk));
    }
    assert.equal(
      answer<Uint8Array | null>(world, (done) => reader.next(done)),
      null,
    );
    return chunks;
  } finally {
    reader.close();
    world.run();
  }
}
