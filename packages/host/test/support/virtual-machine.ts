import type {
  AppliedEntry,
  BlockingFileSystem,
  File,
  FileSystem,
  Ports,
  ResultCompletion,
  SnapshotSink,
  StateMachine,
} from '@quorate/base';
import { concatBytes, Prng, portableChecksum, silentLogger, silentMetrics } from '@quorate/base';
import type { NodeId } from '@quorate/schema';
import { Scheduler, VirtualDisk, VirtualNetwork } from '@quorate/sim';
import { type Host, type HostOptions, openHost } from '../../src/index.ts';

/** Keeps every command. Snapshots are one chunk. */
export class ListMachine implements StateMachine<number> {
  commands: string[] = [];

  apply(entries: readonly AppliedEntry[]): readonly number[] {
    return entries.map(({ command }) => this.commands.push(new TextDecoder().decode(command)));
  }

  snapshot(): Iterator<Uint8Array, void> {
    return [new TextEncoder().encode(this.commands.join('\n'))].values();
  }

  restore(): SnapshotSink {
    const chunks: Uint8Array[] = [];
    return {
      chunk: (bytes) => chunks.push(bytes.slice()),
      finish: () => {
        const text = new TextDecoder().decode(concatBytes(chunks));
        this.commands = text === '' ? [] : text.split('\n');
      },
    };
  }
}

/** What came of an attempt to open a host. */
export interface Opening {
  calls: number;
  error: Error | null;
  host: Host | null;
  readonly halts: Error[];
  readonly machine: ListMachine;
}

export const codeOf = (opening: Opening): string | null =>
  opening.error !== null && 'code' in opening.error ? String(opening.error.code) : null;

/** Machines with one disk each and a network between them, in virtual time. */
export class VirtualRoom {
  readonly scheduler = new Scheduler();
  readonly network: VirtualNetwork;

  constructor() {
    this.network = new VirtualNetwork({
      schedule: (delayMs, callback) => void this.scheduler.schedule(delayMs, callback),
      prng: new Prng(7),
    });
  }

  run(ms: number): void {
    const untilMs = this.scheduler.nowMs + ms;
    while (this.scheduler.step(untilMs));
  }

  machine(id: NodeId): VirtualMachine {
    return new VirtualMachine(this, id);
  }
}

/** Counts what is open on it, so that a test can see that nothing was left. */
export class VirtualMachine {
  readonly id: NodeId;
  readonly disk: VirtualDisk;
  openFiles = 0;
  /** That change the disk, so that a test can let the power fail at each. */
  changes = 0;
  timersSet = 0;
  readonly #room: VirtualRoom;
  #life = 0;

  constructor(room: VirtualRoom, id: NodeId) {
    this.#room = room;
    this.id = id;
    this.disk = new VirtualDisk({
      schedule: (delayMs, callback) => void room.scheduler.schedule(delayMs, callback),
      prng: new Prng(id),
    });
  }

  /**
   * A node alone in its cluster, but for what `given` says.
   *
   * @param voters of the group when it is new; left out: all members
   */
  open(given: Partial<HostOptions> = {}, voters?: readonly NodeId[]): Opening {
    const machine = new ListMachine();
    const opening: Opening = { calls: 0, error: null, host: null, halts: [], machine };
    const listen = { host: `node${this.id}`, port: 7000 };
    openHost(
      {
        ports: this.ports(),
        nodeId: this.id,
        clusterId: '00c0ffee00c0ffee',
        dataDirectory: 'data',
        listen,
        members: new Map([[this.id, listen]]),
        groups: [
          {
            id: 1,
            name: 'list',
            stateMachine: machine,
            ...(voters === undefined ? {} : { voters }),
          },
        ],
        onHalt: (error) => opening.halts.push(error),
        ...given,
      },
      (error, host) => {
        opening.calls += 1;
        opening.error = error;
        opening.host = host;
      },
    );
    return opening;
  }

  /** The power goes: nothing that was under way happens any more. */
  losePower(): void {
    this.#life += 1;
    this.openFiles = 0;
    this.timersSet = 0;
    this.disk.crash();
    this.#room.network.crash(this.id, 'machine');
  }

  ports(): Ports {
    const { scheduler, network } = this.#room;
    const prng = new Prng(1000 + this.id);
    return {
      clock: {
        monotonicMs: () => scheduler.nowMs,
        wallMicros: () => Math.floor(scheduler.nowMs * 1000),
      },
      timers: {
        after: (delayMs, callback) => this.#timer(delayMs, callback),
        defer: (callback) => void this.#schedule(0, callback),
      },
      fileSystem: this.#fileSystem(),
      network: network.port(this.id),
      logger: silentLogger,
      metrics: silentMetrics,
      checksum: portableChecksum,
      codec: { name: 'identity', compress: (bytes) => bytes, decompress: (bytes) => bytes },
      crypto: {
        randomBytes: (count) => Uint8Array.from({ length: count }, () => prng.below(256)),
        sha256: () => ({ update: () => undefined, digest: () => new Uint8Array(32) }),
      },
    };
  }

  #timer(delayMs: number, callback: () => void): { cancel(): void } {
    let isSet = true;
    this.timersSet += 1;
    const clear = (): void => {
      if (isSet) this.timersSet -= 1;
      isSet = false;
    };
    const event = this.#schedule(delayMs, () => {
      clear();
      callback();
    });
    return {
      cancel: () => {
        clear();
        event.cancel();
      },
    };
  }

  #schedule(delayMs: number, callback: () => void): { cancel(): void } {
    const life = this.#life;
    return this.#room.scheduler.schedule(delayMs, () => {
      if (life === this.#life) callback();
    });
  }

  #fileSystem(): FileSystem {
    const { disk } = this;
    const counted =
      (done: ResultCompletion<File>): ResultCompletion<File> =>
      (error, file) =>
        done(error, file && this.#counted(file));
    return {
      blocking: this.#blocking(),
      create: (path, done) => disk.create(path, counted(done)),
      open: (path, done) => disk.open(path, counted(done)),
      size: (path, done) => disk.size(path, done),
      rename: (from, to, done) => {
        this.changes += 1;
        disk.rename(from, to, done);
      },
      remove: (path, done) => {
        this.changes += 1;
        disk.remove(path, done);
      },
      syncDirectory: (path, done) => {
        this.changes += 1;
        disk.syncDirectory(path, done);
      },
    };
  }

  #blocking(): BlockingFileSystem {
    const { blocking } = this.disk;
    return {
      makeDirectory: (path) => blocking.makeDirectory(path),
      list: (path) => blocking.list(path),
      readFile: (path) => blocking.readFile(path),
      openFile: (path) => this.#counted(blocking.openFile(path)),
      writeFileDurably: (path, bytes) => blocking.writeFileDurably(path, bytes),
      overwriteDurably: (path, at, bytes) => blocking.overwriteDurably(path, at, bytes),
      rename: (from, to) => blocking.rename(from, to),
      remove: (path) => blocking.remove(path),
      syncDirectory: (path) => blocking.syncDirectory(path),
      lock: (path) => blocking.lock(path),
    };
  }

  #counted(file: File): File {
    this.openFiles += 1;
    return {
      path: file.path,
      write: (...rest) => {
        this.changes += 1;
        file.write(...rest);
      },
      writeDurably: (...rest) => {
        this.changes += 1;
        file.writeDurably(...rest);
      },
      sync: (closed) => file.sync(closed),
      read: (...rest) => file.read(...rest),
      readNow: (...rest) => file.readNow(...rest),
      close: (closed) =>
        file.close((failed) => {
          this.openFiles -= 1;
          closed(failed);
        }),
    };
  }
}
