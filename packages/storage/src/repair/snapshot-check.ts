import {
  type CheckpointExpansion,
  type Checkpoints,
  CodedError,
  FileSystemError,
  type Ports,
  type StateMachine,
} from '@quorate/base';
import type { SnapshotStore } from '@quorate/raft';
import type { GroupId, SnapshotMeta } from '@quorate/schema';
import { machinesDirectory, snapshotDirectory } from '../data-layout.ts';
import { openSnapshotStore, snapshotFile } from '../snapshot/snapshot-files.ts';
import { StorageError } from '../storage-error.ts';
import type { Damage } from './log-survey.ts';

type Checked = (error: Error | null, damage: Damage | null) => void;

export interface SnapshotCheckOptions {
  readonly ports: Pick<Ports, 'fileSystem' | 'timers' | 'checksum' | 'codec' | 'logger'>;
  readonly directory: string;
  readonly machines?: ReadonlyMap<GroupId, StateMachine<unknown>>;
}

/**
 * Reads snapshots from end to end, and what checkpoints refer to, to see whether a group could
 * begin from them.
 */
export class SnapshotCheck {
  readonly #options: SnapshotCheckOptions;
  /** Null: there is no directory of snapshots. */
  readonly #store: SnapshotStore | null;
  /** Those that have been given their directory. */
  readonly #open = new Map<GroupId, Checkpoints>();

  constructor(options: SnapshotCheckOptions) {
    const { ports, directory } = options;
    this.#options = options;
    const isThere = ports.fileSystem.blocking.list(directory).includes('snapshots');
    this.#store = isThere ? openSnapshotStore({ ports, directory }) : null;
  }

  /** @param done gets what is wrong with the snapshot, or an error that is not the snapshot's */
  check(group: GroupId, meta: SnapshotMeta, done: Checked): void {
    const file = `${snapshotDirectory(this.#options.directory)}/${snapshotFile(group, meta)}`;
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
      const expansion = this.#checkpointsOf(group)?.expand() ?? null;
      const ended = (error: Error | null): void => {
        reader.close();
        expansion?.close();
        tell(file, error, done);
      };
      const readNext = (): void =>
        reader.next((error, chunk) => {
          if (error !== null || chunk === null) ended(error);
          else if (expansion === null || isWhole(expansion, chunk)) readNext();
          else ended(new DamagedPart());
        });
      readNext();
    });
  }

  /** Gives files of state machines back. */
  close(): void {
    for (const checkpoints of this.#open.values()) checkpoints.close(() => undefined);
    this.#open.clear();
  }

  #checkpointsOf(group: GroupId): Checkpoints | null {
    const { ports, directory, machines } = this.#options;
    const there = this.#open.get(group);
    const checkpoints = machines?.get(group)?.checkpoints;
    if (there !== undefined || checkpoints === undefined) return there ?? null;
    const { blocking } = ports.fileSystem;
    const all = machinesDirectory(directory);
    const own = `${all}/${group}`;
    const isThere =
      blocking.list(directory).includes('machines') && blocking.list(all).includes(`${group}`);
    if (!isThere) return null;
    checkpoints.open({ ports, directory: own });
    this.#open.set(group, checkpoints);
    return checkpoints;
  }
}

/** Something that a snapshot refers to is not what was written. */
class DamagedPart extends Error {}

function isWhole(expansion: CheckpointExpansion, chunk: Uint8Array): boolean {
  try {
    for (const draw of expansion.expand(chunk)) draw();
    return true;
  } catch (error) {
    // Anything else is a defect.
    if (error instanceof CodedError) return false;
    throw error;
  }
}

function tell(file: string, error: Error | null, done: Checked): void {
  if (error === null) done(null, null);
  else if (error instanceof DamagedPart)
    done(null, { file, offset: 0, what: 'what the snapshot refers to is damaged' });
  else if (error instanceof StorageError && error.code === 'STORAGE_SNAPSHOT_MISSING') {
    done(null, { file, offset: 0, what: 'the snapshot is missing' });
  } else if (error instanceof StorageError && error.code === 'STORAGE_SNAPSHOT_CORRUPT') {
    const { offset } = error.metadata as { readonly offset: number };
    done(null, { file, offset, what: 'the snapshot is damaged' });
  } else if (error instanceof FileSystemError && error.kind === 'io') {
    done(null, { file, offset: 0, what: 'the snapshot cannot be read' });
  } else done(error, null);
}
