import { ClientError } from '../client-error.ts';
import { type Comparison, compare } from '../kv/compare.ts';
import { bytesOf, keysWithPrefix } from '../kv/key-range.ts';
import type { KeyValues } from '../kv/key-values.ts';
import { operation, type TxnResult } from '../kv/txn.ts';
import type { KeptLease } from '../lease/kept-lease.ts';
import type { Leases } from '../lease/leases.ts';
import type { Watches } from '../watch/watches.ts';

/** What locks and elections are built from. */
export interface Coordination {
  readonly keyValues: KeyValues;
  readonly watches: Watches;
  readonly leases: Leases;
}

/** How long what one owns stays so after one has vanished. */
export const defaultTtlSeconds = 10;

/** How one waits for its turn. */
export interface QueueOptions {
  readonly name: string;
  readonly value: Uint8Array;
  readonly ttlSeconds: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * A key of one's own among those under a name, the oldest of which owns the name. It has a lease of
 * its own: what was sent too often, or arrives too late, dies with it.
 */
export class OwnedKey {
  readonly name: string;
  readonly key: Uint8Array;
  readonly createRevision: number;
  readonly lease: KeptLease;

  constructor(name: string, key: Uint8Array, createRevision: number, lease: KeptLease) {
    this.name = name;
    this.key = key;
    this.createRevision = createRevision;
    this.lease = lease;
  }

  /** Holds while the key is there and is this one. */
  get guard(): Comparison {
    return compare.createRevision(this.key, '=', this.createRevision);
  }
}

/** What a lock that is held and an election that was won have in common. */
export abstract class Ownership implements AsyncDisposable {
  protected readonly owned: OwnedKey;

  constructor(owned: OwnedKey) {
    this.owned = owned;
  }

  get key(): Uint8Array {
    return this.owned.key;
  }

  get fencingToken(): number {
    return this.owned.createRevision;
  }

  get guard(): Comparison {
    return this.owned.guard;
  }

  get lost(): AbortSignal {
    return this.owned.lease.lost;
  }

  get isLost(): boolean {
    return this.owned.lease.isLost;
  }

  /** Lets the next have it. */
  protected async release(): Promise<void> {
    await this.owned.lease.revoke();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.owned.lease[Symbol.asyncDispose]();
  }
}

/** @returns that the key is gone, or is another's */
export function notOwner(name: string): ClientError<'CLIENT_NOT_OWNER'> {
  const message = `${name} is not owned any more: its key was deleted; ask for it again`;
  return new ClientError('CLIENT_NOT_OWNER', message, { name });
}

/**
 * Queues up under a name and waits until all who came before have gone, as etcd's own locks and
 * elections do, so that both can be used on the same names.
 */
export async function queueUp(from: Coordination, options: QueueOptions): Promise<OwnedKey> {
  const { name, value, ttlSeconds, signal } = options;
  signal?.throwIfAborted();
  const lease = await from.leases.grant(ttlSeconds);
  try {
    const isOver = signal === undefined ? lease.lost : AbortSignal.any([signal, lease.lost]);
    isOver.throwIfAborted();
    const key = bytesOf(`${name}/${BigInt.asUintN(64, lease.id).toString(16)}`);
    const entered = await enter(from, key, value, lease);
    const owned = new OwnedKey(name, key, createRevisionOf(entered), lease);
    await waitForTurn(from, owned, isOver);
    isOver.throwIfAborted();
    return owned;
  } catch (error) {
    await lease[Symbol.asyncDispose]();
    throw error;
  }
}

/** Doing it twice does no harm: the second finds the key of the first. */
function enter(
  { keyValues }: Coordination,
  key: Uint8Array,
  value: Uint8Array,
  lease: KeptLease,
): Promise<TxnResult> {
  return keyValues
    .txn()
    .when(compare.missing(key))
    .do(operation.put(key, value, { lease }))
    .otherwise(operation.get(key))
    .idempotent()
    .commit();
}

function createRevisionOf({ succeeded, revision, results }: TxnResult): number {
  if (succeeded) return revision;
  const [got] = results;
  return got?.kind === 'get' ? (got.keyValues[0]?.createRevision ?? 0) : 0;
}

async function waitForTurn(
  { keyValues, watches }: Coordination,
  { name, key, createRevision }: OwnedKey,
  signal: AbortSignal,
): Promise<void> {
  const maxCreateRevision = createRevision - 1;
  for (;;) {
    signal.throwIfAborted();
    const { results, revision } = await keyValues
      .txn()
      .do(
        operation.get(key, { keysOnly: true }),
        // Only the one just before it: when that goes, one wakes up, and not all.
        operation.get(keysWithPrefix(`${name}/`), {
          sortBy: 'createRevision',
          descending: true,
          limit: 1,
          maxCreateRevision,
          keysOnly: true,
        }),
      )
      .commit();
    const [own, last] = results.map((one) => (one.kind === 'get' ? one.keyValues[0] : undefined));
    if (own?.createRevision !== createRevision) throw notOwner(name);
    if (last === undefined) return;
    const range = { key: last.key, rangeEnd: new Uint8Array(0) };
    const settings = { fromRevision: revision + 1, filters: ['noPut'], signal } as const;
    const watch = watches.add(range, settings);
    try {
      await watch.next();
    } catch (error) {
      // What is compacted may have been the deletion: look again.
      if (!(error instanceof ClientError) || error.code !== 'CLIENT_COMPACTED') throw error;
    } finally {
      await watch.return();
    }
  }
}
