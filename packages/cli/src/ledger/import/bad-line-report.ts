import { closeSync, openSync, writeSync } from 'node:fs';
import { CliError, messageOf } from '../../cli-error.ts';
import type { BadRecord } from '../files/record.ts';

/** Lists lines that were left out, as CSV: line, column, name, reason. */
export class BadLineReport {
  readonly #fd: number;
  #text = '';

  /**
   * @param path what is there stays: an import that goes on adds to it
   * @throws CliError CLI_USAGE
   */
  constructor(path: string) {
    try {
      this.#fd = openSync(path, 'a', 0o600);
    } catch (error) {
      const message = `--skip-bad: ${path} cannot be written (${messageOf(error)})`;
      throw new CliError('CLI_USAGE', `${message}; name another file`, {});
    }
  }

  add({ place, name, reason }: BadRecord): void {
    const quoted = `"${reason.replaceAll('"', '""')}"`;
    this.#text += `${place.line},${place.column},${name},${quoted}\n`;
  }

  /** Before the position moves on: what is listed twice is better than what is not listed. */
  flush(): void {
    if (this.#text !== '') writeSync(this.#fd, this.#text);
    this.#text = '';
  }

  close(): void {
    this.flush();
    closeSync(this.#fd);
  }
}
