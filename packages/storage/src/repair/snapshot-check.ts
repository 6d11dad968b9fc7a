import { FileSystemError, type Ports } from '@quorate/base';
import type { SnapshotStore } from '@quorate/raft';
import type { GroupId, SnapshotMeta } from '@quorate/schema';
import { snapshotDirectory } from '../data-layout.ts';
import { openSnapshotStore, snapshotFile } from '../snapshot/snapshot-files.ts';
import { StorageError } from '../storage-error.ts';
import type { Damage } from './log-survey.ts';

type Checked = (error: Error | null, damage: Damage | null) => void;

/** Reads snapshots from end to end, to see whether a group could begin from them. */
export class SnapshotCheck {
  readonly #directory: string;
  /** Null: there is no directory of snapshots. */
  readonly #store: SnapshotStore | null;

  constructor(
    ports: Pick<Ports, 'fileSystem' | 'timers' | 'checksum' | 'codec' | 'logger'>,
    directory: string,
  ) {
    this.#directory = directory;
    const isThere = ports.fileSystem.blocking.list(directory).includes('snapshots');
    this.#store = isThere ? openSnapshotStore({ ports, directory }) : null;
  }

  /** @param done gets what is wrong with the snapshot, or an error that is not the snapshot's */
  check(group: GroupId, meta: SnapshotMeta, done: Checked): void {
    const file = `${snapshotDirectory(this.#directory)}/${snapshotFile(group, meta)}`;
    // Nothing is ever read from these: the first state, and that of a witness, which has none.
    if (meta.index === 0 || meta.withheld) {
      done(null, null);
      return;
    }
    if (this.#store === null) {
      done(null, { file, offset: 0, what: 'the snapshot is missing' });
      return;
    }
    this.#store.open(group, meta, 0, (openError, reader) => {
      if (reader === null) {
        tell(file, openError, done);
        return;
      }
      const readNext = (): void =>
        reader.next((error, chunk) => {
          if (error === null && chunk !== null) {
            readNext();
            return;
          }
          reader.close();
          tell(file, error, done);
        });
      readNext();
    });
  }
}

function tell(file: string, error: Error | null, done: Checked): void {
  if (error === null) done(null, null);
  else if (error instanceof StorageError && error.code === 'STORAGE_SNAPSHOT_MISSING') {
    done(null, { file, offset: 0, what: 'the snapshot is missing' });
  } else if (error instanceof StorageError && error.code === 'STORAGE_SNAPSHOT_CORRUPT') {
    const { offset } = error.metadata as { readonly offset: number };
    done(null, { file, offset, what: 'the snapshot is damaged' });
  } else if (error instanceof FileSystemError && error.kind === 'io') {
    done(null, { file, offset: 0, what: 'the snapshot cannot be read' });
  } else done(error, null);
}
