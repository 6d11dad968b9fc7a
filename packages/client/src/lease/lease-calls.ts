import type { Caller } from '../calls/caller.ts';
import { methods } from '../calls/methods.ts';
import type { Lease } from './lease.ts';

/** What the cluster says of a lease. */
export interface LeaseState {
  readonly id: bigint;
  /** What is left of it, in whole seconds. */
  readonly ttlSeconds: number;
  readonly grantedTtlSeconds: number;
  /** Empty unless they were asked for. */
  readonly keys: readonly Uint8Array[];
}

/** Leases that nobody keeps alive but by hand. `QuorateClient.lease` is what programs want. */
export class LeaseCalls {
  readonly #caller: Caller;
  readonly #adopt: (id: bigint) => Promise<Lease | null>;

  /**
   * @param caller what asks
   * @param adopt keeps one alive
   */
  constructor(caller: Caller, adopt: (id: bigint) => Promise<Lease | null>) {
    this.#caller = caller;
    this.#adopt = adopt;
  }

  /** Keeps one alive that was granted elsewhere, from now on. Null: there is no such lease. */
  keep(id: bigint): Promise<Lease | null> {
    return this.#adopt(id);
  }

  /**
   * @param id 0n: the cluster chooses one
   * @returns what was granted, which may be longer
   */
  async grant(ttlSeconds: number, id = 0n): Promise<{ id: bigint; ttlSeconds: number }> {
    const answer = await this.#caller.write(methods.leaseGrant, { TTL: ttlSeconds, ID: id });
    return { id: answer.ID, ttlSeconds: answer.TTL };
  }

  /** Ends it, which deletes its keys. */
  async revoke(ID: bigint): Promise<void> {
    await this.#caller.write(methods.leaseRevoke, { ID });
  }

  /** Null: there is no such lease. */
  async timeToLive(ID: bigint, options: { keys?: boolean } = {}): Promise<LeaseState | null> {
    const request = { ID, keys: options.keys === true };
    const answer = await this.#caller.read(methods.leaseTimeToLive, request);
    const { TTL: ttlSeconds, grantedTTL: grantedTtlSeconds, keys } = answer;
    return ttlSeconds < 0 ? null : { id: ID, ttlSeconds, grantedTtlSeconds, keys };
  }

  /** The ids of all leases. */
  async list(): Promise<bigint[]> {
    const { leases } = await this.#caller.read(methods.leaseLeases, {});
    return leases.map(({ ID }) => ID);
  }
}
