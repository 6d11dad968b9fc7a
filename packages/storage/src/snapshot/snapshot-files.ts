import { equalBytes, type File, type Ports } from '@quorate/base';
import type { SnapshotReader, SnapshotStore, SnapshotWriter } from '@quorate/raft';
import type { GroupId, SnapshotMeta } from '@quorate/schema';
import { snapshotDirectory } from '../data-layout.ts';
import { StorageError } from '../storage-error.ts';
import {
  decodeSnapshotPreamble,
  encodeSnapshotHeader,
  type SnapshotHeader,
  snapshotVersion,
} from './snapshot-format.ts';
import { SnapshotFileReader, snapshotCorrupt } from './snapshot-reader.ts';
import { SnapshotFileWriter } from './snapshot-writer.ts';

/** The directory is one that `claimDataDirectory` holds. */
export interface SnapshotStoreOptions {
  readonly ports: Pick<Ports, 'fileSystem' | 'timers' | 'checksum' | 'codec' | 'logger'>;
  /** The data directory; the files are in `snapshots` below it. */
  readonly directory: string;
}

type CreateDone = (error: Error | null, writer: SnapshotWriter | null) => void;
type OpenDone = (error: Error | null, reader: SnapshotReader | null) => void;

const fileName = /^(\d+)-(\d+)-(\d+)\.(snap|part\d+)$/;

function snapshotName(group: GroupId, meta: SnapshotMeta): string {
  return `${group}-${meta.index}-${meta.term}`;
}

/** The file's name below the directory of snapshots. */
export function snapshotFile(group: GroupId, meta: SnapshotMeta): string {
  return `${snapshotName(group, meta)}.snap`;
}

class SnapshotFiles implements SnapshotStore {
  readonly #ports: SnapshotStoreOptions['ports'];
  readonly #directory: string;
  /** Every file of ours in the directory; listing it would block. */
  readonly #names: Set<string>;
  /** Being written by this process. */
  readonly #writing = new Set<string>();
  /** Committed by this process; the log may be about to name it. */
  readonly #fresh = new Set<string>();
  #parts = 0;

  constructor(options: SnapshotStoreOptions) {
    this.#ports = options.ports;
    this.#directory = snapshotDirectory(options.directory);
    const { blocking } = options.ports.fileSystem;
    blocking.makeDirectory(this.#directory);
    blocking.syncDirectory(options.directory);
    this.#names = new Set(blocking.list(this.#directory).filter((name) => fileName.test(name)));
  }

  create(group: GroupId, meta: SnapshotMeta, done: CreateDone): void {
    this.#parts += 1;
    const name = snapshotName(group, meta);
    const part = `${name}.part${this.#parts}`;
    this.#names.add(part);
    this.#writing.add(part);
    const finish = (error: Error | null, file: File | null): void => {
      if (error || !file) {
        this.#writing.delete(part);
        done(error, null);
      } else done(null, this.#writer(group, meta, file, part));
    };
    const { fileSystem } = this.#ports;
    const path = this.#path(part);
    fileSystem.create(path, (error, file) => {
      if (error?.kind !== 'exists') return finish(error, file);
      // Left half-written by an earlier run.
      fileSystem.remove(path, (failed) => {
        if (failed) finish(failed, null);
        else fileSystem.create(path, finish);
      });
    });
  }

  open(group: GroupId, meta: SnapshotMeta, firstChunk: number, done: OpenDone): void {
    const path = this.#path(snapshotFile(group, meta));
    const { fileSystem, checksum, codec } = this.#ports;
    fileSystem.open(path, (error, file) => {
      if (error || !file) {
        done(error?.kind === 'notFound' ? missing(path) : error, null);
        return;
      }
      const header = encodeSnapshotHeader(group, meta, codec.name, checksum);
      file.read(0, header.bytes.length, (readError, bytes) => {
        const problem = readError ?? this.#headerProblem(path, header, bytes);
        if (problem) {
          file.close(() => undefined);
          done(problem, null);
        } else done(null, new SnapshotFileReader(file, header, this.#ports, firstChunk));
      });
    });
  }

  collect(group: GroupId, keep: SnapshotMeta): void {
    const { fileSystem, logger } = this.#ports;
    for (const name of this.#names) {
      const [, owner, index = ''] = fileName.exec(name) ?? [];
      if (Number(owner) !== group || name === snapshotFile(group, keep)) continue;
      if (this.#writing.has(name)) continue;
      // A newer one was committed after this call's reason arose: the log is about to name it.
      if (this.#fresh.has(name) && Number(index) > keep.index) continue;
      this.#names.delete(name);
      this.#fresh.delete(name);
      const path = this.#path(name);
      fileSystem.remove(path, (error) => {
        if (!error || error.kind === 'notFound') return;
        this.#names.add(name);
        logger.warn('a snapshot cannot be removed', { file: path, reason: error.message });
      });
    }
  }

  #writer(group: GroupId, meta: SnapshotMeta, file: File, part: string): SnapshotWriter {
    const { checksum, codec } = this.#ports;
    const final = snapshotFile(group, meta);
    return new SnapshotFileWriter({
      ports: this.#ports,
      file,
      header: encodeSnapshotHeader(group, meta, codec.name, checksum),
      partPath: this.#path(part),
      finalPath: this.#path(final),
      directory: this.#directory,
      committed: () => {
        this.#names.delete(part);
        this.#names.add(final);
        this.#fresh.add(final);
      },
      ended: () => this.#writing.delete(part),
    });
  }

  #headerProblem(
    path: string,
    expected: SnapshotHeader,
    bytes: Uint8Array | null,
  ): StorageError | null {
    if (bytes && equalBytes(bytes, expected.bytes)) return null;
    const { codec } = this.#ports;
    const found = bytes ? decodeSnapshotPreamble(bytes) : null;
    if (!found) return snapshotCorrupt(path, 0, 'this is no snapshot file');
    const foreign = found.version !== snapshotVersion || found.codec !== codec.name;
    if (!foreign) return snapshotCorrupt(path, 0, 'the header is not the one the log speaks of');
    const written = `version ${found.version}, codec ${found.codec ?? 'unknown'}`;
    const supported = `version ${snapshotVersion}, codec ${codec.name}`;
    return new StorageError(
      'STORAGE_VERSION_UNSUPPORTED',
      `${path} was written with ${written}; this program reads ${supported}. Use a program that ` +
        'has both, such as the one that wrote it.',
      { file: path, found: written, supported },
    );
  }

  #path(name: string): string {
    return `${this.#directory}/${name}`;
  }
}

function missing(path: string): StorageError<'STORAGE_SNAPSHOT_MISSING'> {
  return new StorageError(
    'STORAGE_SNAPSHOT_MISSING',
    `${path} is named by the log and is not there. Put it back if it was moved; otherwise run ` +
      'quorate repair on the data directory. Never start this node under its old name without ' +
      'its data.',
    { file: path },
  );
}

/**
 * Opens the snapshots of a data directory, by blocking calls. A file counts only when the log names
 * it; the others go at the next `collect` of their group.
 *
 * @throws FileSystemError when the directory cannot be made or listed
 */
export function openSnapshotStore(options: SnapshotStoreOptions): SnapshotStore {
  return new SnapshotFiles(options);
}
