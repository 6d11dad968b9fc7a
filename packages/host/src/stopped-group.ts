import type { RecoveredGroup, SnapshotReader } from '@quorate/raft';
import type { GroupId, SnapshotMeta } from '@quorate/schema';
import { type DirectoryOwner, holdStoppedNode, type StoppedNodeOptions } from '@quorate/storage';

/** One group of a node that does not run, as its disk has it. */
export interface StoppedGroup extends DirectoryOwner {
  /** What a start would find, entries that may not be committed included; null: nothing. */
  readonly group: RecoveredGroup | null;
  /**
   * The content of a snapshot that the log names.
   *
   * @param take gets each chunk as the state machine gave it; what it throws ends the reading
   * @param done gets a StorageError, a FileSystemError, or what `take` threw
   */
  readSnapshot(
    meta: SnapshotMeta,
    take: (chunk: Uint8Array) => void,
    done: (error: Error | null) => void,
  ): void;
  /** Gives the directory's lock back. Idempotent. */
  release(): void;
}

/** @throws as `holdStoppedNode` of `@quorate/storage` */
export function holdStoppedGroup(options: StoppedNodeOptions, group: GroupId): StoppedGroup {
  const { clusterId, nodeId, groups, snapshots, release } = holdStoppedNode(options);
  return {
    clusterId,
    nodeId,
    group: groups.get(group) ?? null,
    readSnapshot(meta, take, done) {
      snapshots().open(group, meta, 0, (error, reader) => {
        if (reader === null) done(error);
        else readNext(reader, take, done);
      });
    },
    release,
  };
}

function readNext(
  reader: SnapshotReader,
  take: (chunk: Uint8Array) => void,
  done: (error: Error | null) => void,
): void {
  reader.next((error, chunk) => {
    let failure = error;
    try {
      if (failure === null && chunk !== null) take(chunk);
    } catch (thrown) {
      failure = thrown instanceof Error ? thrown : new Error(String(thrown));
    }
    if (failure === null && chunk !== null) {
      readNext(reader, take, done);
      return;
    }
    reader.close();
    done(failure);
  });
}
