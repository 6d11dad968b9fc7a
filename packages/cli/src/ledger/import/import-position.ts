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
  /** The last of the events that the ledger holds; null: it holds none of them. */
  readonly lastHeld: bigint | null;
}

/** Which ledger an import went to. */
export interface ImportTarget {
  readonly clusterId: bigint;
  /** Whether the ledger holds an event. */
  holds(kind: EventKind, id: bigint): Promise<boolean>;
}

const hexadecimal = /^0x[0-9a-f]{1,32}$/;

/** What releases wrote that did not say which ledger it was. */
const withoutLedger = z.object({ version: z.literal(1), bytes: z.int() });

const form = z.object({
  version: z.literal(2),
  cluster: z.string().regex(hexadecimal),
  kind: z.enum(['accounts', 'transfers']),
  scale: z.int().min(0).max(38),
  bytes: z.int().min(0),
  line: z.int().min(1),
  carriedOut: z.int().min(0),
  existed: z.int().min(0),
  failed: z.int().min(0),
  bad: z.int().min(0),
  lastHeld: z.string().regex(hexadecimal).nullable(),
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
   * @param target the ledger that is imported to now
   * @returns null: there is no position yet
   * @throws CliError CLI_USAGE when it is of another file or ledger, or cannot be read
   */
  async read(
    sizeBytes: number,
    target: ImportTarget,
  ): Promise<{ position: ImportPosition; hasOtherSize: boolean } | null> {
    const text = readIfThere(this.#path);
    if (text === null) return null;
    const value = parsedOrNull(text);
    if (withoutLedger.safeParse(value).success) {
      throw this.#refused('is of an earlier release, and does not say of which ledger it is');
    }
    const found = form.safeParse(value);
    if (!found.success) throw this.#refused('is no position file of this program');
    const { beginning, end, sizeBytes: before, cluster, lastHeld, ...rest } = found.data;
    const position = { ...rest, lastHeld: lastHeld === null ? null : BigInt(lastHeld) };
    const marks = sizeBytes < position.bytes ? null : this.#marks(position.bytes);
    if (marks?.beginning !== beginning || marks.end !== end) {
      throw this.#refused(`is of another file than ${this.#file}, or its beginning has changed`);
    }
    await this.#checkLedger(BigInt(cluster), position, target);
    return { position, hasOtherSize: sizeBytes !== before };
  }

  /** @param sizeBytes of the file */
  write(position: ImportPosition, sizeBytes: number, { clusterId }: ImportTarget): void {
    const { lastHeld } = position;
    const ids = { cluster: hexOf(clusterId), lastHeld: lastHeld === null ? null : hexOf(lastHeld) };
    const marks = this.#marks(position.bytes);
    const content = { version: 2, ...position, ...ids, sizeBytes, ...marks };
    replaceFile(this.#path, `${JSON.stringify(content, null, 2)}\n`);
  }

  async #checkLedger(
    clusterId: bigint,
    { kind, lastHeld }: ImportPosition,
    target: ImportTarget,
  ): Promise<void> {
    if (clusterId !== target.clusterId) {
      const ids = `cluster ${hexOf(clusterId)}, not ${hexOf(target.clusterId)}`;
      throw this.#refused(`is of an import into another ledger (${ids})`);
    }
    // Clusters that were founded alike have one id, and so has what was set back to a backup.
    if (lastHeld === null || (await target.holds(kind, lastHeld))) return;
    const noun = kind === 'accounts' ? 'account' : 'transfer';
    const what = `the ledger does not hold ${noun} ${lastHeld}, which was imported`;
    throw this.#refused(`is of an import into another ledger, or an older state: ${what}`);
  }

  #refused(problem: string): CliError {
    const fix = 'give --from-start to import all of the file here, which does nothing twice';
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

function hexOf(id: bigint): string {
  return `0x${id.toString(16)}`;
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
