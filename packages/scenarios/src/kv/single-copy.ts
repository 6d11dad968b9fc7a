import type { KvCommand, KvResult, PutRequest } from '@quorate/kv';
import { LeasesOfOne } from './leases-of-one.ts';

/** One version of a key; a value of null says that it was deleted. */
export interface Version {
  readonly revision: number;
  readonly value: string | null;
}

const text = new TextDecoder();

/**
 * The store as the simplest program that could be it: one copy, commands one after another. It
 * knows the commands that `KvClient` and `LeaseClient` send, and no others.
 */
export class SingleCopy {
  /** As the store begins. */
  revision = 1;
  readonly #versions = new Map<string, Version[]>();
  readonly #leases = new LeasesOfOne();
  /** By key: the lease that it is attached to. */
  readonly #attached = new Map<string, bigint>();

  keys(): readonly string[] {
    return [...this.#versions.keys()].sort();
  }

  /** Every version of every key, by revision, and those of one revision by key. */
  changes(): readonly (Version & { readonly key: string })[] {
    const all = this.keys().flatMap((key) =>
      (this.#versions.get(key) ?? []).map((version) => ({ key, ...version })),
    );
    return all.sort((a, b) => a.revision - b.revision);
  }

  /** @returns the version that a read at `revision` sees; null when there is none or a deletion */
  at(key: string, revision: number): (Version & { readonly value: string }) | null {
    const versions = this.#versions.get(key) ?? [];
    let low = 0;
    let high = versions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((versions[middle] as Version).revision <= revision) low = middle + 1;
      else high = middle;
    }
    const version = versions[low - 1];
    if (version === undefined || version.value === null) return null;
    return { revision: version.revision, value: version.value };
  }

  /** Does the command, and says whether `result` is what it had to answer. */
  apply(command: KvCommand, result: KvResult): boolean {
    switch (command.kind) {
      case 'put':
        return this.#putWithLease(command) === result.kind && result.revision === this.revision;
      case 'deleteRange': {
        const key = text.decode(command.key);
        const isThere = this.at(key, this.revision) !== null;
        if (isThere) this.#put(key, null);
        const isRight = result.kind === 'deleteRange' && result.revision === this.revision;
        return isRight && result.deleted === (isThere ? 1 : 0);
      }
      case 'txn': {
        const [compare] = command.compares;
        const [operation] = command.success;
        if (compare === undefined || operation?.kind !== 'put') return false;
        const found = this.at(text.decode(compare.key), this.revision);
        const { operand } = compare;
        const holds =
          operand.target === 'value'
            ? found !== null && found.value === text.decode(operand.value)
            : found === null;
        if (holds) this.#put(text.decode(operation.key), text.decode(operation.value));
        const isRight = result.kind === 'txn' && result.revision === this.revision;
        return isRight && result.succeeded === holds;
      }
      case 'leaseGrant':
      case 'leaseRevoke':
      case 'leaseKeepAlive':
      case 'leaseTick': {
        const ended = this.#leases.apply(command, result.kind === 'leaseGrant' ? result.id : 0n);
        for (const lease of ended ?? []) this.#deleteKeysOf(lease);
        const isRight = result.kind === (ended === null ? 'refused' : command.kind);
        if (!isRight || result.revision !== this.revision) return false;
        return result.kind !== 'leaseTick' || result.expired.join() === ended?.join();
      }
      default:
        return false;
    }
  }

  #putWithLease({ key, value, lease }: PutRequest): KvResult['kind'] {
    if (lease !== 0n && !this.#leases.has(lease)) return 'refused';
    this.#put(text.decode(key), text.decode(value));
    if (lease !== 0n) this.#attached.set(text.decode(key), lease);
    return 'put';
  }

  /** All at one revision. */
  #deleteKeysOf(lease: bigint): void {
    const before = this.revision;
    for (const [key, attachedTo] of this.#attached) {
      if (attachedTo !== lease) continue;
      this.revision = before;
      this.#put(key, null);
    }
  }

  #put(key: string, value: string | null): void {
    this.revision += 1;
    this.#attached.delete(key);
    const versions = this.#versions.get(key);
    const version = { revision: this.revision, value };
    if (versions === undefined) this.#versions.set(key, [version]);
    else versions.push(version);
  }
}
