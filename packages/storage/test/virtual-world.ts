import {
  type Codec,
  type Crypto,
  type Logger,
  type Ports,
  Prng,
  portableChecksum,
  silentLogger,
  silentMetrics,
} from '@quorate/base';
import { VirtualDisk } from '@quorate/sim';

interface Waiting {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
  cancelled: boolean;
}

export type StoragePorts = Omit<Ports, 'network'>;

const identityCodec: Codec = {
  name: 'identity',
  compress: (bytes) => bytes.slice(),
  decompress: (bytes, maxBytes) => {
    if (bytes.length > maxBytes) throw new Error('too long');
    return bytes.slice();
  },
};

/** One process's ports on virtual time, with a disk that can crash under it. */
export class VirtualWorld {
  readonly prng: Prng;
  readonly disk: VirtualDisk;
  readonly ports: StoragePorts;
  readonly warnings: string[] = [];
  nowMs = 0;
  #order = 0;
  #waiting: Waiting[] = [];
  #life = 0;

  constructor(seed: number) {
    this.prng = new Prng(seed);
    this.disk = new VirtualDisk({
      schedule: (delayMs, callback) => this.#after(delayMs, callback),
      prng: this.prng.fork(),
    });
    const random = this.prng.fork();
    const crypto: Crypto = {
      randomBytes: (count) => Uint8Array.from({ length: count }, () => random.below(256)),
      sha256: () => ({ update: () => undefined, digest: () => new Uint8Array(32) }),
    };
    const logger: Logger = { ...silentLogger, warn: (event) => this.warnings.push(event) };
    this.ports = {
      clock: { monotonicMs: () => this.nowMs, wallMicros: () => this.nowMs * 1000 },
      timers: {
        after: (delayMs, callback) => this.#timer(delayMs, callback),
        defer: (callback) => this.#timer(0, callback),
      },
      fileSystem: this.disk,
      logger,
      metrics: silentMetrics,
      checksum: portableChecksum,
      codec: identityCodec,
      crypto,
    };
  }

  /** @returns false when nothing waits */
  step(): boolean {
    const next = this.#waiting.shift();
    if (!next) return false;
    this.nowMs = next.atMs;
    if (!next.cancelled) next.callback();
    return true;
  }

  /** Until nothing waits any more, or for so much virtual time. */
  run(forMs = Number.POSITIVE_INFINITY): void {
    const untilMs = this.nowMs + forMs;
    while ((this.#waiting[0]?.atMs ?? Number.POSITIVE_INFINITY) <= untilMs && this.step());
  }

  /** The power goes: the disk forgets, and so do the timers of the process. */
  crash(): void {
    this.disk.crash();
    this.#life += 1;
  }

  /** The process alone dies. */
  kill(): void {
    this.disk.kill();
    this.#life += 1;
  }

  #timer(delayMs: number, callback: () => void): { cancel: () => void } {
    const life = this.#life;
    return this.#after(delayMs, () => {
      if (life === this.#life) callback();
    });
  }

  #after(delayMs: number, callback: () => void): { cancel: () => void } {
    const order = this.#order++;
    const waiting = { atMs: this.nowMs + delayMs, order, callback, cancelled: false };
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1] as Waiting).atMs > waiting.atMs) at -= 1;
    this.#waiting.splice(at, 0, waiting);
    return {
      cancel: () => {
        waiting.cancelled = true;
      },
    };
  }
}
