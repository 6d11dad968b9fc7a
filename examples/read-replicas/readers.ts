import { openReplica, type ReadReplica, type ReplicaReadOptions } from '@quorate/node';
import { Program } from './programs.ts';
import type { RelayQuestion } from './relay.ts';
import { Wiki } from './wiki.ts';

/** A read replica, wherever it runs. */
export interface Reader {
  /** The wiki's revision there. */
  revision(options: ReplicaReadOptions): Promise<number>;
  /** 'host:port' of who feeds it. */
  upstream(): Promise<string>;
}

/** A replica in a process of its own, which feeds others. */
export class Relay implements Reader {
  readonly address: string;
  readonly #program: Program;

  private constructor(address: string, program: Program) {
    this.address = address;
    this.#program = program;
  }

  static async open(address: string, upstream: readonly string[]): Promise<Relay> {
    const words = ['--listen', address, '--upstream', upstream.join(',')];
    return new Relay(address, await Program.start('relay.ts', ...words));
  }

  revision(options: ReplicaReadOptions): Promise<number> {
    return this.#program.ask({ read: options } satisfies RelayQuestion);
  }

  upstream(): Promise<string> {
    return this.#program.ask('upstream' satisfies RelayQuestion);
  }

  kill(): Promise<void> {
    return this.#program.kill();
  }
}

/** A replica in this process, which feeds nobody. */
export class Leaf implements Reader {
  readonly #replica: ReadReplica<{ readonly wiki: () => Wiki }>;

  private constructor(replica: ReadReplica<{ readonly wiki: () => Wiki }>) {
    this.#replica = replica;
  }

  static async open(upstream: readonly string[]): Promise<Leaf> {
    const groups = { wiki: () => new Wiki() };
    const log = { level: 'error', format: 'logfmt' } as const;
    return new Leaf(await openReplica({ upstream, groups, log, timeoutMs: 60_000 }));
  }

  revision(options: ReplicaReadOptions): Promise<number> {
    return this.#replica.group('wiki').read(({ revision }) => revision, options);
  }

  upstream(): Promise<string> {
    return Promise.resolve(this.#replica.group('wiki').upstream);
  }

  close(): Promise<void> {
    return this.#replica.close();
  }
}
