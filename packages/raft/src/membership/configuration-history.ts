import { assert, present } from '@quorate/base';
import type { Configuration, LogIndex } from '@quorate/schema';

interface ConfigurationAt {
  readonly index: LogIndex;
  readonly configuration: Configuration;
}

/**
 * The configurations of a log, oldest first. One is in force from the moment its entry is appended,
 * and reverts when that entry is truncated (dissertation 4.1).
 */
export class ConfigurationHistory {
  #items: ConfigurationAt[];

  constructor(index: LogIndex, configuration: Configuration) {
    this.#items = [{ index, configuration }];
  }

  get current(): Configuration {
    return this.#newest.configuration;
  }

  /** Of the entry, or of the snapshot, that brought the current one. */
  get currentIndex(): LogIndex {
    return this.#newest.index;
  }

  /** The configuration in force at an index of the log or of the snapshot before it. */
  at(index: LogIndex): Configuration {
    const found = this.#items.findLast((item) => item.index <= index);
    return present(found, `the configuration at index ${index} is known`).configuration;
  }

  appended(index: LogIndex, configuration: Configuration): void {
    assert(index > (this.#items.at(-1)?.index ?? 0), 'configurations are appended in order');
    this.#items.push({ index, configuration });
  }

  truncatedAfter(index: LogIndex): void {
    this.#items = this.#items.filter((item, position) => position === 0 || item.index <= index);
  }

  /** Forgets what a snapshot at `index` has made unnecessary. */
  compactedTo(index: LogIndex): void {
    const kept = this.#items.findLastIndex((item) => item.index <= index);
    if (kept > 0) this.#items.splice(0, kept);
  }

  /** A snapshot supersedes everything known, uncommitted configurations included (bug 19). */
  reset(index: LogIndex, configuration: Configuration): void {
    this.#items = [{ index, configuration }];
  }

  get #newest(): ConfigurationAt {
    return present(this.#items.at(-1), 'a configuration is always in force');
  }
}
