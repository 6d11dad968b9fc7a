import {
  type AppliedEntry,
  type Checkpoint,
  type CheckpointExpansion,
  type Checkpoints,
  type MachinePlace,
  present,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/base';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function commandOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** What its checkpoints were asked for. */
export interface Told {
  readonly opened: string[];
  readonly taken: number[];
  readonly collected: number[];
  expansions: number;
  closed: number;
}

/**
 * Notes commands, one a line, and answers with the number of each. In a node's directory each
 * checkpoint puts what has come since the last one in a file, and names the files: `@NAME`.
 */
export class Diary implements StateMachine<number> {
  readonly told: Told = { opened: [], taken: [], collected: [], expansions: 0, closed: 0 };
  readonly checkpoints: Checkpoints;
  #place: MachinePlace | null = null;
  #files: readonly string[] = [];
  /** In no file yet. */
  #lines: readonly string[] = [];

  constructor() {
    const { told } = this;
    this.checkpoints = {
      isDue: false,
      open: (place) => {
        told.opened.push(place.directory);
        this.#place = place;
      },
      take: (index) => {
        told.taken.push(index);
        return this.#take(index);
      },
      expand: () => {
        told.expansions++;
        return this.#expand();
      },
      collect: (index) => void told.collected.push(index),
      close: (done) => {
        told.closed++;
        done();
      },
    };
  }

  get all(): readonly string[] {
    return [...this.#files.flatMap((name) => this.#read(name)), ...this.#lines];
  }

  apply(entries: readonly AppliedEntry[]): readonly number[] {
    let count = this.all.length;
    return entries.map(({ command }) => {
      this.#lines = [...this.#lines, decoder.decode(command)];
      return ++count;
    });
  }

  query(what: 'count'): number {
    return what === 'count' ? this.all.length : Number.NaN;
  }

  snapshot(): Iterator<Uint8Array, void> {
    return chunksOf(this.all);
  }

  restore(): SnapshotSink {
    const chunks: Uint8Array[] = [];
    return {
      chunk: (bytes) => void chunks.push(bytes.slice()),
      finish: () => {
        const lines = linesOf(Buffer.concat(chunks));
        this.#files = lines.filter((line) => line.startsWith('@')).map((line) => line.slice(1));
        this.#lines = lines.filter((line) => !line.startsWith('@'));
      },
    };
  }

  #take(index: number): Checkpoint {
    const place = this.#place;
    if (place === null) {
      const whole = chunksOf(this.all);
      return { next: () => whole.next(), persist: (done) => done(null, 0) };
    }
    const { blocking } = place.ports.fileSystem;
    const name = `lines-${index}`;
    const bytes = encoder.encode(this.#lines.map((line) => `${line}\n`).join(''));
    blocking.writeFileDurably(`${place.directory}/${name}`, bytes);
    this.#files = [...this.#files, name];
    this.#lines = [];
    const chunks = chunksOf(this.#files.map((file) => `@${file}`));
    return {
      next: () => chunks.next(),
      persist: (done) => {
        blocking.syncDirectory(place.directory);
        done(null, bytes.length);
      },
    };
  }

  #expand(): CheckpointExpansion {
    return {
      expand: (chunk) =>
        linesOf(chunk).map((line) => () => {
          const lines = line.startsWith('@') ? this.#read(line.slice(1)) : [line];
          return encoder.encode(lines.map((one) => `${one}\n`).join(''));
        }),
      close: () => void this.told.expansions--,
    };
  }

  #read(name: string): readonly string[] {
    const { ports, directory } = present(this.#place, 'who has files has a directory');
    return linesOf(ports.fileSystem.blocking.readFile(`${directory}/${name}`));
  }
}

function linesOf(bytes: Uint8Array): string[] {
  return decoder.decode(bytes).split('\n').slice(0, -1);
}

/** One chunk a line. */
function chunksOf(lines: readonly string[]): Iterator<Uint8Array, void> {
  return lines.map((line) => encoder.encode(`${line}\n`)).values();
}
