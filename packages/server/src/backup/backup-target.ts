/** One file where backups are kept. */
export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
}

/**
 * Where backups are kept: a directory, a bucket, or what is made of one. What it throws is told as
 * it is; its message says what to do.
 */
export interface BackupTarget {
  /** For people: a path or a URL, without secrets. */
  readonly description: string;
  /** All files there, backups or not, in any order. */
  list(): Promise<readonly StoredFile[]>;
  /** Fulfilled when it is there as a whole, durably; until then there is nothing of that name. */
  write(name: string, pieces: AsyncIterable<Uint8Array>): Promise<void>;
  read(name: string): AsyncIterable<Uint8Array>;
  remove(name: string): Promise<void>;
}
