import { resolve } from 'node:path';
import { AssertionFailed, type DirectoryLock } from '@quorate/base';
import { lockDirectory } from '@quorate/node';
import { claimsCommandProblem } from '../core/claims/claims-command.ts';
import type {
  ClaimCommand,
  ClaimsCommand,
  RaiseFloorCommand,
} from '../core/claims/claims-model.ts';
import {
  ClaimsSnapshot,
  maxSnapshotBytes,
  readClaimsSnapshot,
} from '../core/claims/claims-snapshot.ts';
import { ClaimsTable } from '../core/claims/claims-table.ts';
import { ElectionError } from '../core/election-error.ts';
import { ReplacedFile } from '../replaced-file.ts';
import { claimInvalid, claimRefused } from './claim-errors.ts';

/** Of `openLocalWatermark`. */
export interface LocalWatermarkOptions {
  /** This signer's alone; made where it is missing. Holds one small file. */
  readonly directory: string;
}

/**
 * A signer's own watermark: the second line, for the day when the claims of the group were restored
 * from too old a state, or the program asks the wrong group. It refuses by the rules that claims
 * have, except for tokens and generations.
 */
export interface LocalWatermark extends AsyncDisposable {
  /**
   * Resolves once it is on the disk that this digest, and no other, is signed at this position.
   * Before that no signature may leave the process. Many calls at once share a write.
   *
   * @throws ElectionError CLAIM_REFUSED, CLAIM_INVALID; CLAIM_WATERMARK_UNAVAILABLE when the disk
   *   failed, from then on always: nothing may be signed
   */
  pass(claim: Pick<ClaimCommand, 'key' | 'position' | 'digest'>): Promise<void>;
  /**
   * Only ever up. Resolves once it is on the disk.
   *
   * @throws as `pass`
   */
  raiseFloor(floor: Pick<RaiseFloorCommand, 'key' | 'position'>): Promise<void>;
  /** Waits for the write under way. Nothing passes afterwards. */
  close(): Promise<void>;
}

/**
 * Opens the watermark in a directory, which it locks. One that is not there begins empty: to move a
 * signer, move the directory, or give floors.
 *
 * @throws ElectionError CLAIM_WATERMARK_UNAVAILABLE when the directory is in use, or cannot be read
 *   and written; CLAIM_WATERMARK_CORRUPT when the file is not what was written
 */
export async function openLocalWatermark(options: LocalWatermarkOptions): Promise<LocalWatermark> {
  const directory = resolve(options.directory);
  const file = new ReplacedFile(directory, 'watermarks');
  let lock: DirectoryLock | null = null;
  try {
    await file.prepare();
    lock = lockDirectory(directory);
    const bytes = await file.read(maxSnapshotBytes);
    const table = bytes === null ? new ClaimsTable() : tableOf(bytes, file.path);
    const local = new FileWatermark(file, lock, table);
    // A disk that cannot be written to is found now, not at the first signature.
    await local.flush();
    return local;
  } catch (error) {
    lock?.release();
    throw error instanceof ElectionError ? error : unavailable(file.path, error);
  }
}

class FileWatermark implements LocalWatermark {
  readonly #file: ReplacedFile;
  readonly #lock: DirectoryLock;
  readonly #table: ClaimsTable;
  /** Counts changes of the table. */
  #version = 1;
  #durableVersion = 0;
  #writing: Promise<void> | null = null;
  /** Why nothing passes any more. */
  #failure: Error | null = null;
  #isClosed = false;

  constructor(file: ReplacedFile, lock: DirectoryLock, table: ClaimsTable) {
    this.#file = file;
    this.#lock = lock;
    this.#table = table;
  }

  async pass(claim: Pick<ClaimCommand, 'key' | 'position' | 'digest'>): Promise<void> {
    const { key, position, digest } = claim;
    await this.#change({ kind: 'claim', key, position, digest, token: 0n });
  }

  async raiseFloor({ key, position }: Pick<RaiseFloorCommand, 'key' | 'position'>): Promise<void> {
    await this.#change({ kind: 'raiseFloor', key, position, generation: 0 });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.flush();
    } catch {
      // Whoever waits for what was not written is told.
    } finally {
      this.#lock.release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #change(command: Exclude<ClaimsCommand, { readonly kind: 'stored' }>): Promise<void> {
    const problem = claimsCommandProblem(command);
    if (problem !== null) claimInvalid(problem.field, problem.reason);
    if (this.#failure !== null) throw unavailable(this.#file.path, this.#failure);
    if (this.#isClosed) throw unavailable(this.#file.path, new Error('it is closed'));
    // The table copies bytes; positions it keeps.
    const own = { ...command, position: { ...command.position } };
    const before = this.#table.of(own.key);
    const result = own.kind === 'claim' ? this.#table.claim(own) : this.#table.raiseFloor(own);
    if (result.kind === 'refused') throw claimRefused(own, result);
    if (result.kind !== 'sign' && result.kind !== 'raised') {
      throw new AssertionFailed('no signature is stored here');
    }
    if (this.#table.of(own.key) !== before) this.#version += 1;
    // Also when nothing changed: what this claim repeats may be under way to the disk.
    await this.flush();
  }

  /** Until all changes so far are durable. */
  async flush(): Promise<void> {
    const wanted = this.#version;
    while (this.#durableVersion < wanted) {
      if (this.#failure !== null) throw unavailable(this.#file.path, this.#failure);
      this.#writing ??= this.#write();
      await this.#writing;
    }
  }

  async #write(): Promise<void> {
    const version = this.#version;
    const snapshot = new ClaimsSnapshot(this.#table.all());
    try {
      await this.#file.replace({ [Symbol.iterator]: () => snapshot });
      this.#durableVersion = version;
    } catch (error) {
      // After a failed fsync nobody knows what is on the disk, and a second one may lie.
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw unavailable(this.#file.path, error);
    } finally {
      this.#writing = null;
    }
  }
}

function tableOf(bytes: Uint8Array, file: string): ClaimsTable {
  try {
    return new ClaimsTable(readClaimsSnapshot(bytes));
  } catch (error) {
    if (!(error instanceof ElectionError) || error.code !== 'CLAIM_SNAPSHOT_INVALID') throw error;
    const { offset, reason } = (error as ElectionError<'CLAIM_SNAPSHOT_INVALID'>).metadata;
    const message =
      `the watermark ${file} is damaged at byte ${offset}: ${reason}; do not sign: ` +
      'check the disk, remove the file, and raise the floors to what may have been signed';
    throw new ElectionError('CLAIM_WATERMARK_CORRUPT', message, { file, reason }, { cause: error });
  }
}

function unavailable(file: string, cause: unknown): ElectionError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message =
    `the watermark ${file} cannot be used: ${reason}; nothing may be signed until it can be ` +
    'written: mend the cause and open it again';
  return new ElectionError('CLAIM_WATERMARK_UNAVAILABLE', message, { file, reason }, { cause });
}
