import type { KvCommand, KvResult } from '@quorate/kv';

/** One version of a key; a value of null says that it was deleted. */
export interface Version {
  readonly revision: number;
  readonly value: string | null;
}

const text = new TextDecoder();

/**
 * The store as the simplest program that could be it: one copy, commands one after another. It
 * knows the commands that `KvClient` sends, and no others.
 */
export class SingleCopy {
  /** As the store begins. */
  revision = 1;
  readonly #versions = new Map<string, Version[]>();

  keys(): readonly string[] {
    return [...this.#versions.keys()].sort();
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
        this.#put(text.decode(command.key), text.decode(command.value));
        return result.kind === 'put' && result.revision === this.revision;
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
      default:
        return false;
    }
  }

  #put(key: string, value: string | null): void {
    this.revision += 1;
    const versions = this.#versions.get(key);
    const version = { revision: this.revision, value };
    if (versions === undefined) this.#versions.set(key, [version]);
    else versions.push(version);
  }
}
