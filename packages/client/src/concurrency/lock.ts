import type { Comparison } from '../kv/compare.ts';
import { type Coordination, defaultTtlSeconds, Ownership, queueUp } from './owned-key.ts';

/** How a lock is asked for. */
export interface LockOptions {
  /** How long it stays locked after its holder has vanished; 10 when it is left out. */
  readonly ttlSeconds?: number;
  /** Stops waiting: the lock is not taken, and the signal's reason thrown. */
  readonly signal?: AbortSignal;
}

/**
 * A lock that is held. Others take it over once its lease has ended, whether its holder knows or
 * not: so writes that belong under the lock have its `guard` among their conditions, and what goes
 * elsewhere carries `fencingToken`, which whoever receives it compares.
 */
export interface Lock extends AsyncDisposable {
  readonly name: string;
  readonly key: Uint8Array;
  /** Greater than that of every earlier holder. */
  readonly fencingToken: number;
  /** Holds while the lock is held: for `Txn.when`. */
  readonly guard: Comparison;
  /** Aborted when the lock may be someone else's. */
  readonly lost: AbortSignal;
  readonly isLost: boolean;
  /** Gives it up; also fulfilled when it was lost. */
  unlock(): Promise<void>;
}

class HeldLock extends Ownership implements Lock {
  get name(): string {
    return this.owned.name;
  }

  unlock(): Promise<void> {
    return this.release();
  }
}

/** Waits for a lock and takes it. */
export async function takeLock(
  from: Coordination,
  name: string,
  { ttlSeconds = defaultTtlSeconds, signal }: LockOptions,
): Promise<Lock> {
  const value = new Uint8Array(0);
  return new HeldLock(await queueUp(from, { name, value, ttlSeconds, signal }));
}
