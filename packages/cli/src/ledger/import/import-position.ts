import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { z } from 'zod';
import { CliError, messageOf } from '../../cli-error.ts';
import { replaceFile } from '../atomic-file.ts';
import type { EventKind } from '../files/event-columns.ts';

/** How far an import has got. All of it counts what was acknowledged without a gap. */
export interface ImportPosition {
  readonly kind: EventKind;
  readonly scale: number;
  /** Of the file, before the first line that was not acknowledged. */
  readonly bytes: number;
  /** That line. */
  readonly line: number;
  readonly carriedOut: number;
  readonly existed: number;
  readonly failed: number;
  readonly bad: number;
}

const form = z.object({
  version: z.literal(1),
  kind: z.enum(['accounts', 'transfers']),
  scale: z.int().min(0).max(38),
  bytes: z.int().min(0),
  line: z.int().min(1),
  carriedOut: z.int().min(0),
  existed: z.int().min(0),
  failed: z.int().min(0),
  bad: z.int().min(0),
  sizeBytes: z.int().min(0),
  beginning: z.string(),
  end: z.string(),
});

/** So many bytes tell one file from another: the first, and the last before the position. */
const markBytes = 1 << 16;

/** FILE.position: where an import goes on. */
export class PositionFile {
  readonly #file: string;
  readonly #path: string;

  /** @param file that is imported */
  constructor(file: string) {
    this.#file = file;
    this.#path = `${file}.position`;
  }

  get path(): string {
    return this.#path;
  }

  /**
   * @param sizeBytes of the file
   * @returns null: there is no position yet
   * @throws CliError CLI_USAGE when it is of another file, or cannot be read
   */
  read(sizeBytes: number): { position: ImportPosition; hasOtherSize: boolean } | null {
    const text = readIfThere(this.#path);
    if (text === null) return null;
    const found = form.safeParse(parsedOrNull(text));
    if (!found.success) throw this.#refused('is no position file of this program');
    const { beginning, end, sizeBytes: before, ...position } = found.data;
    const marks = sizeBytes < position.bytes ? null : this.#marks(position.bytes);
    if (marks?.beginning !== beginning || marks.end !== end) {
      throw this.#refused(`is of another file than ${this.#file}, or its beginning has changed`);
    }
    return { position, hasOtherSize: sizeBytes !== before };
  }

  /** @param sizeBytes of the file */
  write(position: ImportPosition, sizeBytes: number): void {
    const marks = this.#marks(position.bytes);
    const text = JSON.stringify({ version: 1, ...position, sizeBytes, ...marks }, null, 2);
    replaceFile(this.#path, `${text}\n`);
  }

  #refused(problem: string): CliError {
    const fix = 'give --from-start to begin again, which does nothing twice';
    return new CliError('CLI_USAGE', `${this.#path} ${problem}; ${fix}`, {});
  }

  #marks(bytes: number): { beginning: string; end: string } {
    const fd = openSync(this.#file, 'r');
    try {
      const length = Math.min(bytes, markBytes);
      return { beginning: hashOf(fd, 0, length), end: hashOf(fd, bytes - length, length) };
    } finally {
      closeSync(fd);
    }
  }
}

function hashOf(fd: number, at: number, length: number): string {
  const bytes = Buffer.alloc(length);
  const count = readSync(fd, bytes, 0, length, at);
  return createHash('sha256').update(bytes.subarray(0, count)).digest('hex');
}

/** @returns what the file holds; null: there is none */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new CliError('CLI_USAGE', `${path} cannot be read (${messageOf(error)})`, {});
  }
}

/** @returns the value; null: the text is no JSON */
export function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
