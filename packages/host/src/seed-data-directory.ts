import { assert, type Ports } from '@quorate/base';
import type { SnapshotStore, SnapshotWriter } from '@quorate/raft';
import type { Configuration, GroupId, NodeId, SnapshotMeta } from '@quorate/schema';
import { claimDataDirectory, openSnapshotStore, openWriteAheadLog } from '@quorate/storage';

/** The log has one record so far: the node makes segments of its own size after it. */
const segmentBytes = 64 * 1024;

/** What a new data directory is to hold before its node has ever run. */
export interface SeedOptions {
  readonly ports: Pick<
    Ports,
    'fileSystem' | 'crypto' | 'timers' | 'checksum' | 'codec' | 'logger' | 'clock' | 'metrics'
  >;
  /** New or empty, and nobody else's. */
  readonly directory: string;
  /** 16 hex digits. */
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly group: GroupId;
  /** Where the group's log begins: behind this snapshot. */
  readonly snapshot: Pick<SnapshotMeta, 'index' | 'term'> & {
    /** Of the newest entry before it, which later ones follow. Default: 0. */
    readonly timestampMicros?: number;
    /** @param incarnation this node's, as it was drawn */
    configuration(incarnation: number): Configuration;
  };
  /** The state machine's snapshot. */
  readonly content: Iterator<Uint8Array, void>;
}

/**
 * Makes the data directory of a node that goes on from a state that came from elsewhere: its log
 * begins with a snapshot. Every founder is seeded with the same snapshot, or they are not of one
 * cluster. Until `done` says that all went well, the directory is nothing to start from.
 *
 * @param done gets StorageError, FileSystemError, or what `content` threw
 */
export function seedDataDirectory(
  options: SeedOptions,
  done: (error: Error | null, incarnation: number) => void,
): void {
  const { ports, directory, clusterId, nodeId, group } = options;
  const { index, term, timestampMicros = 0, configuration } = options.snapshot;
  assert(index > 0 && term > 0, 'a snapshot is of an entry');
  const { fileSystem, crypto } = ports;
  const claimed = claimDataDirectory({ fileSystem, crypto, directory, clusterId, nodeId });
  const { incarnation } = claimed;
  const log = openWriteAheadLog({ ports, directory, incarnation, segmentBytes });
  const end = (error: Error | null): void => {
    log.close((failed) => {
      claimed.release();
      done(error ?? failed, incarnation);
    });
  };
  const meta: SnapshotMeta = {
    index,
    term,
    timestampMicros,
    configuration: configuration(incarnation),
    withheld: false,
  };
  const store = openSnapshotStore({ ports, directory });
  writeContent({ store, group, meta, content: options.content }, (error) => {
    if (error !== null) {
      end(error);
      return;
    }
    const position = { index, term };
    const hardState = { term, votedFor: 0, commitIndex: index };
    const write = { group, hardState, truncateAfter: null, entries: [], snapshot: meta };
    log.submit([{ ...write, logStart: position }], end);
  });
}

interface Content {
  readonly store: SnapshotStore;
  readonly group: GroupId;
  readonly meta: SnapshotMeta;
  readonly content: Iterator<Uint8Array, void>;
}

function writeContent(
  { store, group, meta, content }: Content,
  done: (error: Error | null) => void,
): void {
  store.create(group, meta, (error, writer) => {
    if (writer === null) done(error);
    else writeNext(writer, content, done);
  });
}

function writeNext(
  writer: SnapshotWriter,
  content: Iterator<Uint8Array, void>,
  done: (error: Error | null) => void,
): void {
  let next: IteratorResult<Uint8Array, void>;
  try {
    next = content.next();
  } catch (error) {
    writer.abort();
    done(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  if (next.done === true) writer.commit(done);
  else {
    writer.write(next.value, (error) => {
      if (error === null) writeNext(writer, content, done);
      else {
        writer.abort();
        done(error);
      }
    });
  }
}
