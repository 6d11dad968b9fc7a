import {
  type FileSystem,
  type Logger,
  type MachinePlace,
  Prng,
  portableChecksum,
  silentLogger,
  type Timers,
} from '@quorate/base';
import { Scheduler, VirtualDisk } from '@quorate/sim';
import { FileParts } from '../../src/parts/file-parts.ts';

export const directory = 'data/machines/1';

/** A disk in virtual time, with a directory for parts. */
export class PartsDisk {
  readonly scheduler = new Scheduler();
  readonly disk: VirtualDisk;
  readonly warnings: string[] = [];

  constructor(seed = 1) {
    this.disk = new VirtualDisk({
      prng: new Prng(seed),
      schedule: (delayMs, callback) => void this.scheduler.schedule(delayMs, callback),
    });
    this.disk.blocking.makeDirectory(directory);
    for (const path of ['', 'data', 'data/machines']) this.disk.blocking.syncDirectory(path);
  }

  place(fileSystem: FileSystem = this.disk): MachinePlace {
    const logger: Logger = {
      ...silentLogger,
      warn: (message) => void this.warnings.push(message),
    };
    const timers: Timers = {
      defer: (callback) => void this.scheduler.schedule(0, callback),
      after: (delayMs, callback) => this.scheduler.schedule(delayMs, callback),
    };
    return { ports: { fileSystem, checksum: portableChecksum, logger, timers }, directory };
  }

  /** As a process does when it starts. */
  open(): FileParts {
    return new FileParts(this.place());
  }

  /** Lets all be done that is under way. */
  settle(): void {
    while (this.scheduler.step(Number.POSITIVE_INFINITY));
  }

  run(ms: number): void {
    const untilMs = this.scheduler.nowMs + ms;
    while (this.scheduler.step(untilMs));
  }

  /** Makes durable what was put in. */
  sync(parts: FileParts): Error | null {
    const answers: (Error | null)[] = [];
    parts.sync((error) => void answers.push(error));
    this.settle();
    const [answer] = answers;
    if (answers.length !== 1 || answer === undefined)
      throw new Error(`sync has answered ${answers.length} times`);
    return answer;
  }

  list(): string[] {
    return this.disk.blocking.list(directory);
  }

  /** The power goes, and comes back. */
  losePower(): void {
    this.disk.crash();
  }
}

export function bytesOf(length: number, seed: number): Uint8Array {
  const prng = new Prng(seed);
  return Uint8Array.from({ length }, () => prng.below(256));
}
