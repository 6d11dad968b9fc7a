import { ClientError } from '../client-error.ts';
import type { Comparison } from '../kv/compare.ts';
import { type BytesLike, bytesOf, keysWithPrefix } from '../kv/key-range.ts';
import { operation } from '../kv/txn.ts';
import {
  type Coordination,
  defaultTtlSeconds,
  notOwner,
  type OwnedKey,
  Ownership,
  queueUp,
} from './owned-key.ts';

/** How candidates are. */
export interface ElectionOptions {
  /** How long a leader that has vanished stays elected; 10 when it is left out. */
  readonly ttlSeconds?: number;
}

/** Who leads, as others see it. */
export interface ElectedLeader {
  readonly key: Uint8Array;
  /** What the leader proclaims. */
  readonly value: Uint8Array;
  /** Greater than that of every earlier leader. */
  readonly fencingToken: number;
  /** As of this revision of the store. */
  readonly revision: number;
}

/** An election that was won. `guard`, `lost` and `fencingToken` are used as those of a lock. */
export interface Leadership extends AsyncDisposable {
  readonly key: Uint8Array;
  /** Greater than that of every earlier leader. */
  readonly fencingToken: number;
  /** Holds while this leads: for `Txn.when`. */
  readonly guard: Comparison;
  /** Aborted when another may lead. */
  readonly lost: AbortSignal;
  readonly isLost: boolean;
  /**
   * Tells those who observe another value.
   *
   * @throws ClientError CLIENT_NOT_OWNER when this does not lead any more, and those of a put
   */
  proclaim(value: BytesLike): Promise<void>;
  /** Lets the next candidate lead; also fulfilled when the leadership was lost. */
  resign(): Promise<void>;
}

/** One leader at a time among those who campaign under a name. */
export interface Election {
  readonly name: string;
  /**
   * Waits until this candidate leads.
   *
   * @param options.signal stops waiting, and its reason is thrown
   */
  campaign(value: BytesLike, options?: { readonly signal?: AbortSignal }): Promise<Leadership>;
  /** Who leads now; null: nobody. */
  leader(): Promise<ElectedLeader | null>;
  /**
   * The present leader, if there is one, then every value that is proclaimed and every new leader.
   * Leaders of the time between two looks may be left out; none is told of after a later one.
   */
  observe(options?: { readonly signal?: AbortSignal }): AsyncGenerator<ElectedLeader, void>;
}

class WonElection extends Ownership implements Leadership {
  readonly #from: Coordination;

  constructor(from: Coordination, owned: OwnedKey) {
    super(owned);
    this.#from = from;
  }

  async proclaim(value: BytesLike): Promise<void> {
    const { key, lease, guard, name } = this.owned;
    const txn = this.#from.keyValues.txn().when(guard);
    const { succeeded } = await txn.do(operation.put(key, value, { lease })).commit();
    if (!succeeded) throw notOwner(name);
  }

  resign(): Promise<void> {
    return this.release();
  }
}

/** An election, of which nothing is kept between calls. */
export class NamedElection implements Election {
  readonly name: string;
  readonly #from: Coordination;
  readonly #ttlSeconds: number;

  constructor(from: Coordination, name: string, { ttlSeconds }: ElectionOptions) {
    this.#from = from;
    this.name = name;
    this.#ttlSeconds = ttlSeconds ?? defaultTtlSeconds;
  }

  async campaign(
    value: BytesLike,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Leadership> {
    const { name } = this;
    const ttlSeconds = this.#ttlSeconds;
    const owned = await queueUp(this.#from, { name, value: bytesOf(value), ttlSeconds, signal });
    return new WonElection(this.#from, owned);
  }

  async leader(): Promise<ElectedLeader | null> {
    const { leader } = await this.#look();
    return leader;
  }

  async *observe({
    signal,
  }: {
    readonly signal?: AbortSignal;
  } = {}): AsyncGenerator<ElectedLeader, void> {
    for (;;) {
      signal?.throwIfAborted();
      const { leader, revision } = await this.#look();
      if (leader !== null) yield leader;
      try {
        if (leader === null) await this.#change(revision + 1, signal);
        else yield* this.#proclamations(leader, revision + 1, signal);
      } catch (error) {
        // Some of it is forgotten: how it is now is what counts.
        if (!(error instanceof ClientError) || error.code !== 'CLIENT_COMPACTED') throw error;
      }
    }
  }

  /** The oldest key under the name, now. */
  async #look(): Promise<{ leader: ElectedLeader | null; revision: number }> {
    const { keyValues, revision } = await this.#from.keyValues.get(
      keysWithPrefix(`${this.name}/`),
      { sortBy: 'createRevision', limit: 1 },
    );
    const [first] = keyValues;
    if (first === undefined) return { leader: null, revision };
    const { key, value, createRevision: fencingToken } = first;
    return { leader: { key, value, fencingToken, revision }, revision };
  }

  /** Fulfilled once anybody has begun to campaign. */
  async #change(fromRevision: number, signal: AbortSignal | undefined): Promise<void> {
    const { key, rangeEnd } = keysWithPrefix(`${this.name}/`);
    const range = { key: bytesOf(key), rangeEnd: bytesOf(rangeEnd) };
    const filters = ['noDelete'] as const;
    const signals = signal === undefined ? {} : { signal };
    const watch = this.#from.watches.add(range, { fromRevision, filters, ...signals });
    try {
      await watch.next();
    } finally {
      await watch.return();
    }
  }

  /** What a leader says, until it is none. */
  async *#proclamations(
    { key, fencingToken }: ElectedLeader,
    fromRevision: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ElectedLeader, void> {
    const range = { key, rangeEnd: new Uint8Array(0) };
    const signals = signal === undefined ? {} : { signal };
    const watch = this.#from.watches.add(range, { fromRevision, ...signals });
    // Leaving the loop leaves the watch.
    for await (const event of watch) {
      if (event.type === 'delete') return;
      if (event.type !== 'put') continue;
      const { value, revision } = event;
      yield { key, value, fencingToken, revision };
    }
  }
}
