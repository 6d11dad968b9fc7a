import type { SnapshotReader, SnapshotStore, SnapshotWriter } from '@quorate/raft';
import type { GroupId, SnapshotMeta } from '@quorate/schema';

type Delay = (delayMs: number, callback: () => void) => void;

const nameOf = (group: GroupId, meta: SnapshotMeta): string =>
  `${group}-${meta.index}-${meta.term}`;

/** Snapshots in memory. Outlives the process that wrote them. */
export class FakeSnapshotStore implements SnapshotStore {
  readonly files = new Map<string, readonly Uint8Array[]>();
  /** Fails the next calls of that kind. */
  failing: 'create' | 'write' | 'commit' | 'open' | 'read' | null = null;
  created = 0;
  openReaders = 0;
  openWriters = 0;
  /** Of a life: committed, and perhaps not named by the log yet. */
  readonly #fresh = new Map<string, number>();
  readonly #delay: Delay;

  constructor(delay: Delay) {
    this.#delay = delay;
  }

  create(
    group: GroupId,
    meta: SnapshotMeta,
    done: (error: Error | null, writer: SnapshotWriter | null) => void,
  ): void {
    this.created += 1;
    this.#delay(1, () => {
      if (this.failing === 'create') done(new Error('no room'), null);
      else done(null, this.#writer(nameOf(group, meta), meta.index));
    });
  }

  #writer(name: string, index: number): SnapshotWriter {
    const chunks: Uint8Array[] = [];
    let open = true;
    this.openWriters += 1;
    const close = (): void => {
      if (open) this.openWriters -= 1;
      open = false;
    };
    return {
      write: (chunk, done) => {
        chunks.push(chunk.slice());
        this.#delay(1, () => done(this.failing === 'write' ? new Error('no room') : null));
      },
      commit: (done) => {
        this.#delay(1, () => {
          close();
          if (this.failing === 'commit') {
            done(new Error('no room'));
            return;
          }
          this.files.set(name, chunks);
          this.#fresh.set(name, index);
          done(null);
        });
      },
      abort: close,
    };
  }

  open(
    group: GroupId,
    meta: SnapshotMeta,
    firstChunk: number,
    done: (error: Error | null, reader: SnapshotReader | null) => void,
  ): void {
    this.#delay(1, () => {
      const chunks = this.files.get(nameOf(group, meta));
      if (chunks === undefined || this.failing === 'open') {
        done(new Error(`no snapshot ${nameOf(group, meta)}`), null);
      } else done(null, this.#reader(chunks.slice(firstChunk)));
    });
  }

  #reader(left: readonly Uint8Array[]): SnapshotReader {
    const chunks = [...left];
    let open = true;
    this.openReaders += 1;
    return {
      next: (done) =>
        this.#delay(1, () => {
          if (!open) return;
          if (this.failing === 'read') done(new Error('a bad sector'), null);
          else done(null, chunks.shift() ?? null);
        }),
      close: () => {
        if (open) this.openReaders -= 1;
        open = false;
      },
    };
  }

  collect(group: GroupId, keep: SnapshotMeta): void {
    for (const name of this.files.keys()) {
      if (!name.startsWith(`${group}-`) || name === nameOf(group, keep)) continue;
      if ((this.#fresh.get(name) ?? 0) > keep.index) continue;
      this.files.delete(name);
    }
  }
}
