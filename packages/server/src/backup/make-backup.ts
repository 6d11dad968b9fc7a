import { createHash } from 'node:crypto';
import { ServerError } from '../core/server-error.ts';
import { backupName } from './backup-name.ts';
import type { BackupTarget } from './backup-target.ts';

/** A backup that is where it should be, and was read back. */
export interface MadeBackup {
  readonly name: string;
  readonly bytes: number;
  /** Of all its bytes, hex digits. */
  readonly sha256: string;
}

/** What a backup is made of, and when. */
export interface BackupSource {
  /** 16 hex digits. */
  readonly clusterId: string;
  readonly revision: number;
  readonly atMs: number;
  readonly pieces: AsyncIterable<Uint8Array>;
}

/**
 * Writes a backup and reads it back: only what comes back as it went is one.
 *
 * @param progressed called for each piece that was written, and that came back
 * @throws ServerError SERVER_BACKUP_FAILED
 */
export async function makeBackup(
  source: BackupSource,
  target: BackupTarget,
  progressed: () => void = () => undefined,
): Promise<MadeBackup> {
  const name = backupName(source.clusterId, source.atMs, source.revision);
  const sent = new Sum(progressed);
  try {
    await target.write(name, sent.over(source.pieces));
  } catch (error) {
    throw failed(target, `${name} cannot be written: ${reasonOf(error)}`, error);
  }
  const back = new Sum(progressed);
  try {
    for await (const _ of back.over(target.read(name)));
  } catch (error) {
    throw failed(target, `${name} cannot be read back: ${reasonOf(error)}`, error);
  }
  const [bytes, sha256] = [sent.bytes, sent.digest()];
  if (back.bytes === bytes && back.digest() === sha256) return { name, bytes, sha256 };
  const found = `${back.bytes} bytes came back of ${bytes}, or others than were sent`;
  throw failed(target, `${name} is damaged there: ${found}`, null);
}

class Sum {
  readonly #hash = createHash('sha256');
  readonly #progressed: () => void;
  bytes = 0;

  constructor(progressed: () => void) {
    this.#progressed = progressed;
  }

  async *over(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    for await (const piece of pieces) {
      this.#hash.update(piece);
      this.bytes += piece.length;
      this.#progressed();
      yield piece;
    }
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function failed(
  target: BackupTarget,
  reason: string,
  cause: unknown,
): ServerError<'SERVER_BACKUP_FAILED'> {
  const { description } = target;
  const message = `no backup was made at ${description}: ${reason}`;
  const metadata = { target: description, reason };
  return new ServerError('SERVER_BACKUP_FAILED', message, metadata, { cause });
}
