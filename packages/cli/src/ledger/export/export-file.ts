import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { z } from 'zod';
import { CliError } from '../../cli-error.ts';
import { replaceFile } from '../atomic-file.ts';
import { parsedOrNull, readIfThere } from '../import/import-position.ts';

/** How far an export has got. */
export interface ExportPosition {
  /** Of FILE.part; what is behind it is written again. */
  readonly bytes: number;
  readonly rows: number;
  readonly nextTimestamp: bigint;
}

const form = z.object({
  version: z.literal(1),
  /** What was asked for, in words of JSON. */
  asked: z.string(),
  bytes: z.int().min(0),
  rows: z.int().min(0),
  nextTimestamp: z.string().regex(/^\d{1,20}$/),
});

/** FILE, which is written as FILE.part until all of it is there, and how far that has got. */
export class ExportFile {
  readonly #path: string;
  readonly #asked: string;
  readonly #fd: number;
  readonly #begun: ExportPosition | null;
  #bytes: number;
  #isOpen = true;

  /**
   * @param asked what is exported and how; a part of something else is refused
   * @throws CliError CLI_USAGE
   */
  constructor(path: string, asked: string, options: { isForced: boolean; isFromStart: boolean }) {
    this.#path = path;
    this.#asked = asked;
    if (!options.isForced && existsSync(path)) {
      const fix = 'name a new file, or replace it by --force';
      throw new CliError('CLI_USAGE', `${path} is there already; ${fix}`, {});
    }
    this.#begun = options.isFromStart ? null : this.#readPosition();
    this.#bytes = this.#begun?.bytes ?? 0;
    this.#fd = openSync(this.#part, this.#begun === null ? 'w' : 'r+', 0o600);
    ftruncateSync(this.#fd, this.#bytes);
  }

  /** What an earlier export of the same has left; null: nothing. */
  get begun(): ExportPosition | null {
    return this.#begun;
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) {
      at += writeSync(this.#fd, bytes, at, bytes.length - at, this.#bytes + at);
    }
    this.#bytes += bytes.length;
  }

  /** Makes durable what was written, and takes note of it. */
  keep(rows: number, nextTimestamp: bigint): void {
    fsyncSync(this.#fd);
    const position = { bytes: this.#bytes, rows, nextTimestamp: String(nextTimestamp) };
    replaceFile(
      this.#position,
      `${JSON.stringify({ version: 1, asked: this.#asked, ...position })}\n`,
    );
  }

  /** On return FILE is there as a whole. */
  commit(): void {
    fsyncSync(this.#fd);
    this.close();
    renameSync(this.#part, this.#path);
    rmSync(this.#position, { force: true });
  }

  /** What was kept stays, to go on from. Idempotent. */
  close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }

  get #part(): string {
    return `${this.#path}.part`;
  }

  get #position(): string {
    return `${this.#path}.part.position`;
  }

  #readPosition(): ExportPosition | null {
    const text = readIfThere(this.#position);
    if (text === null || !existsSync(this.#part)) return null;
    const found = form.safeParse(parsedOrNull(text));
    if (!found.success || found.data.asked !== this.#asked) {
      const problem = `${this.#part} was begun with other flags`;
      const fix = 'give the same ones to go on with it, or --from-start to begin again';
      throw new CliError('CLI_USAGE', `${problem}; ${fix}`, {});
    }
    const { bytes, rows, nextTimestamp } = found.data;
    return { bytes, rows, nextTimestamp: BigInt(nextTimestamp) };
  }
}
