import type { DirectoryLock } from '@quorate/base';
import { lockDirectory } from '@quorate/node';
import { ElectionError } from '../core/election-error.ts';
import { ReplacedFile } from '../replaced-file.ts';
import { digestOf, type Founder, type FoundingSet } from './founding-plan.ts';

/** What a node has promised, and keeps across restarts. */
export interface FoundingRecord {
  /** Of whom this directory is. */
  readonly id: string;
  /** Where others reach it. */
  readonly address: string;
  /** The one set of founders that it has accepted, for good; null: none. */
  readonly accepted: FoundingSet | null;
  /** It has opened its part in a group, so it may have voted. */
  readonly wasMember: boolean;
}

const name = 'founding.json';
const version = 1;
const mostBytes = 64 * 1024;

/**
 * The record of a node, in a file that is replaced as a whole and fsynced. It is small text, so
 * that it can be read when something is wrong; its set is guarded by its digest.
 */
export class FoundingFile {
  readonly #file: ReplacedFile;
  readonly #lock: DirectoryLock;
  #record: FoundingRecord | null = null;

  private constructor(file: ReplacedFile, lock: DirectoryLock) {
    this.#file = file;
    this.#lock = lock;
  }

  /**
   * @param directory absolute; made where it is missing, and locked
   * @throws ElectionError ELECTION_OPTIONS_INVALID when it cannot be used; FileSystemError `locked`
   */
  static async open(directory: string): Promise<FoundingFile> {
    const file = new ReplacedFile(directory, name);
    try {
      await file.prepare();
    } catch (error) {
      throw unwritable(file.path, error);
    }
    const own = new FoundingFile(file, lockDirectory(directory));
    try {
      await own.#read();
    } catch (error) {
      own.close();
      throw error;
    }
    return own;
  }

  /** Null: this node was never here. */
  get record(): FoundingRecord | null {
    return this.#record;
  }

  close(): void {
    this.#lock.release();
  }

  /** Durable once it resolves. */
  async write(record: FoundingRecord): Promise<void> {
    const { accepted } = record;
    const digest = accepted === null ? null : digestOf(accepted);
    const text = `${JSON.stringify({ version, ...record, digest }, null, 2)}\n`;
    try {
      await this.#file.replace([new TextEncoder().encode(text)]);
    } catch (error) {
      throw unwritable(this.#file.path, error);
    }
    this.#record = record;
  }

  async #read(): Promise<void> {
    const { path } = this.#file;
    let bytes: Uint8Array | null;
    try {
      bytes = await this.#file.read(mostBytes);
    } catch (error) {
      throw unwritable(path, error);
    }
    if (bytes === null) return;
    this.#record = recordIn(bytes);
    if (this.#record !== null) return;
    const fix =
      'restore it, or have this node removed from the group, remove the directory, and let it join';
    throw unusable(path, `is damaged: ${fix}`);
  }
}

function recordIn(bytes: Uint8Array): FoundingRecord | null {
  try {
    const given = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const { id, address, accepted = null, wasMember, digest } = given;
    if (given.version !== version || typeof id !== 'string' || typeof address !== 'string') {
      return null;
    }
    if (typeof wasMember !== 'boolean') return null;
    if (accepted === null) return { id, address, accepted, wasMember };
    const { founders, all, expect, maxNodes } = accepted;
    const set: FoundingSet = {
      founders: founders.map((one: Founder) => ({ address: one.address, id: one.id })),
      all,
      expect,
      maxNodes,
    };
    return digestOf(set) === digest ? { id, address, accepted: set, wasMember } : null;
  } catch {
    return null;
  }
}

function unwritable(path: string, cause: unknown): ElectionError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return unusable(path, `cannot be used (${reason}): let this process's user read and write it`);
}

function unusable(path: string, problem: string): ElectionError {
  const message = `the record of this node's founding, ${path}, ${problem}`;
  return new ElectionError('ELECTION_OPTIONS_INVALID', message, { field: 'dataDir' });
}
