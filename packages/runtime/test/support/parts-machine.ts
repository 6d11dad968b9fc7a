import type {
  AppliedEntry,
  Checkpoint,
  CheckpointExpansion,
  Checkpoints,
  SnapshotSink,
  StateMachine,
} from '@quorate/base';

/** Commands in a part. */
const partCommands = 4;

const encoder = new TextEncoder();

/** What one node's state machine keeps beside its snapshots. Outlives the process. */
export class PartsOnDisk {
  readonly parts = new Map<number, readonly string[]>();
  readonly durable = new Set<number>();
  lastPart = 0;

  /** What was not durable is gone. */
  losePower(): void {
    for (const part of [...this.parts.keys()]) if (!this.durable.has(part)) this.parts.delete(part);
  }
}

/** `c` and a command, or `p` and the number of a part with some. */
type Line = string;

/** Puts lines together again that chunks have cut. */
class Lines {
  #rest = '';

  /** @returns those that are complete */
  add(bytes: Uint8Array): readonly Line[] {
    const lines = (this.#rest + new TextDecoder().decode(bytes)).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines;
  }

  get isAtEnd(): boolean {
    return this.#rest === '';
  }
}

/**
 * Keeps every command, most of them in parts beside its snapshots: a checkpoint names them. Tells
 * what is asked of it.
 */
export class PartsMachine implements StateMachine<string> {
  readonly checkpoints: Checkpoints;
  readonly events: string[] = [];
  /** The next checkpoints cannot be made durable. */
  persistFails: 'by an error' | 'by throwing' | null = null;
  /** Makes durable when the test says so. */
  persistWaits: (() => void)[] | null = null;
  /** Sinks call back when the test, or time, says so. */
  drain: (done: () => void) => void = (done) => done();
  /** Told at a call of `collect`. */
  collected: (index: number) => void = () => undefined;
  /** Bytes in a chunk of a snapshot. */
  chunkBytes = 20;
  heldExpansions = 0;
  /** Told at each command. */
  applying: () => void = () => undefined;
  /** Empty chunks of a checkpoint before each that is not. */
  emptyChunks = 0;
  /** See `Checkpoints`. */
  isDue = false;
  readonly #disk: PartsOnDisk;
  #parts: readonly number[] = [];
  #rest: readonly string[] = [];
  #named: readonly { readonly index: number; readonly parts: readonly number[] }[] = [];

  constructor(disk: PartsOnDisk) {
    this.#disk = disk;
    const isDue = (): boolean => this.isDue;
    this.checkpoints = {
      get isDue() {
        return isDue();
      },
      open: () => undefined,
      take: (index) => {
        this.isDue = false;
        return this.#take(index);
      },
      expand: () => this.#expand(),
      collect: (index) => this.#collect(index),
      close: (done) => done(),
    };
  }

  get commands(): readonly string[] {
    return [...this.#parts.flatMap((part) => this.#read(part)), ...this.#rest];
  }

  apply(entries: readonly AppliedEntry[]): readonly string[] {
    return entries.map(({ command }) => {
      this.applying();
      const text = new TextDecoder().decode(command);
      this.#add(text);
      return text;
    });
  }

  snapshot(): Iterator<Uint8Array, void> {
    return this.#chunks(this.commands.map((command) => `c${command}`));
  }

  restore(): SnapshotSink {
    const read = new Lines();
    const restored = new PartsMachine(this.#disk);
    let isDraining = false;
    return {
      chunk: (bytes) => {
        if (isDraining) throw new Error('a chunk comes before what was there has drained');
        for (const line of read.add(bytes)) restored.#restoreLine(line);
      },
      drained: (done) => {
        isDraining = true;
        this.drain(() => {
          isDraining = false;
          done();
        });
      },
      finish: () => {
        if (isDraining || !read.isAtEnd) throw new Error('the snapshot is not complete');
        this.events.push('restored');
        this.#parts = restored.#parts;
        this.#rest = restored.#rest;
      },
    };
  }

  #restoreLine(line: Line): void {
    if (line.startsWith('c')) this.#add(line.slice(1));
    else {
      const part = Number(line.slice(1));
      this.#read(part);
      this.#parts = [...this.#parts, part];
    }
  }

  #add(text: string): void {
    this.#rest = [...this.#rest, text];
    if (this.#rest.length < partCommands) return;
    const part = ++this.#disk.lastPart;
    this.#disk.parts.set(part, this.#rest);
    this.#parts = [...this.#parts, part];
    this.#rest = [];
  }

  #read(part: number): readonly string[] {
    const commands = this.#disk.parts.get(part);
    if (commands === undefined) throw new Error(`part ${part} is gone`);
    return commands;
  }

  #take(index: number): Checkpoint {
    this.events.push(`take ${index}`);
    const parts = this.#parts;
    const lines = [...parts.map((part) => `p${part}`), ...this.#rest.map((text) => `c${text}`)];
    const chunks = this.#chunks(lines);
    const answer = (done: (error: Error | null, bytes: number) => void): void => {
      if (this.persistFails === 'by throwing') throw new Error('it is broken');
      if (this.persistFails !== null) {
        this.events.push('persist failed');
        done(new Error('no room for parts'), 0);
        return;
      }
      for (const part of parts) this.#disk.durable.add(part);
      this.#named = [...this.#named, { index, parts }];
      this.events.push(`persisted ${index}`);
      done(null, 0);
    };
    let empty = this.emptyChunks;
    return {
      next: () => {
        if (empty-- > 0) return { done: false, value: new Uint8Array(0) };
        empty = this.emptyChunks;
        return chunks.next();
      },
      persist: (done) => {
        this.events.push('persist');
        if (this.persistWaits === null) answer(done);
        else this.persistWaits.push(() => answer(done));
      },
    };
  }

  #expand(): CheckpointExpansion {
    this.heldExpansions++;
    const read = new Lines();
    let isOpen = true;
    return {
      expand: (chunk) =>
        read.add(chunk).flatMap((line) => {
          if (line.startsWith('c')) return [() => encoder.encode(`${line}\n`)];
          const part = Number(line.slice(1));
          return Array.from({ length: partCommands }, (_, at) => () => {
            if (!isOpen) throw new Error('drawn from after the end');
            return encoder.encode(`c${this.#read(part)[at]}\n`);
          });
        }),
      close: () => {
        if (!isOpen) throw new Error('closed twice');
        isOpen = false;
        this.heldExpansions--;
        this.#removeOthers();
      },
    };
  }

  #collect(index: number): void {
    this.events.push(`collect ${index}`);
    this.collected(index);
    this.#named = this.#named.filter((one) => one.index >= index);
    this.#removeOthers();
  }

  #removeOthers(): void {
    if (this.heldExpansions > 0) return;
    const kept = new Set([...this.#parts, ...this.#named.flatMap(({ parts }) => parts)]);
    for (const part of [...this.#disk.parts.keys()])
      if (!kept.has(part)) this.#disk.parts.delete(part);
  }

  #chunks(lines: readonly Line[]): Iterator<Uint8Array, void> {
    const bytes = encoder.encode(lines.map((line) => `${line}\n`).join(''));
    const { chunkBytes } = this;
    let at = 0;
    return {
      next: () => {
        if (at >= bytes.length) return { done: true, value: undefined };
        const value = bytes.slice(at, at + chunkBytes);
        at += chunkBytes;
        return { done: false, value };
      },
    };
  }
}
