/**
 * Completion of a submitted operation. Called exactly once, from the event loop, never from inside
 * the call that submitted it. `error` null means done.
 */
export type Completion = (error: FileSystemError | null) => void;

/** A `Completion` with a value: exactly one of `error` and `value` is null. */
export type ResultCompletion<T> = (error: FileSystemError | null, value: T | null) => void;

/**
 * What went wrong, the same on every platform. `full` is a disk or a quota without room, `locked` a
 * lock that somebody else holds, `closed` a file used after its `close`; `io` is everything else,
 * and says nothing of what is on the disk.
 */
export type FileSystemErrorKind =
  | 'notFound'
  | 'exists'
  | 'full'
  | 'permission'
  | 'locked'
  | 'io'
  | 'closed';

/**
 * The one error of the file-system port: thrown by the blocking calls, handed to completions by the
 * others. Decide by `kind`; `path` is as the caller gave it, and `message` for the log.
 */
export class FileSystemError extends Error {
  override readonly name = 'FileSystemError';
  readonly kind: FileSystemErrorKind;
  readonly path: string;

  constructor(kind: FileSystemErrorKind, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.path = path;
  }
}

/**
 * An open file. Operations on one file are carried out in the order they were submitted.
 * Buffers that are handed over must not be changed before the completion.
 */
export interface File {
  readonly path: string;
  /** Completes when the bytes are readable, not when they are durable. */
  write(offset: number, chunks: readonly Uint8Array[], done: Completion): void;
  /**
   * The hot path of the log: write, then make durable, as one hand-over. On success every byte of
   * this and of all earlier completed writes to this file survives a loss of power.
   * An error means the file's durable content is unknown: the caller must stop trusting it.
   */
  writeDurably(offset: number, chunks: readonly Uint8Array[], done: Completion): void;
  /** fdatasync: content and size, not the directory entry. */
  sync(done: Completion): void;
  /** Reads up to `length` bytes; fewer only at the end of the file. The buffer is the caller's. */
  read(offset: number, length: number, done: ResultCompletion<Uint8Array>): void;
  /**
   * As `read`, but blocks the process until the disk has answered: for what is in the system's
   * cache nearly always. Sees what was written once that has completed.
   *
   * @throws FileSystemError
   */
  readNow(offset: number, length: number): Uint8Array;
  /** Waits for what was submitted, then closes. */
  close(done: Completion): void;
}

/** Held until `release`, or until the process ends, however it ends. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Blocking calls for start-up, when the node serves nothing yet and straight-line code is worth
 * more than an idle event loop. Never called after the node has started.
 */
export interface BlockingFileSystem {
  /** Creates the directory and its parents; an existing one is fine. */
  makeDirectory(path: string): void;
  /** Names, sorted by code unit; throws `notFound` when there is no such directory. */
  list(path: string): string[];
  /** The whole content; throws `notFound`. The buffer is the caller's. */
  readFile(path: string): Uint8Array;
  /** As `FileSystem.open`; throws `notFound`. */
  openFile(path: string): File;
  /** Creates or replaces, content durable on return; the directory entry needs `syncDirectory`. */
  writeFileDurably(path: string, content: Uint8Array): void;
  /** Overwrites bytes in place (used to void a torn tail), durable on return. */
  overwriteDurably(path: string, offset: number, content: Uint8Array): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  syncDirectory(path: string): void;
  /**
   * Takes the exclusive lock of a directory for this process; it ends with the process, also by
   * kill -9. Throws `locked` when another process (or another node of this one) holds it.
   */
  lock(path: string): DirectoryLock;
}

/**
 * Storage for one process. Paths use '/' and are relative to a root the port was made with.
 * A file that was created, renamed or removed is durably so only after `syncDirectory`.
 */
export interface FileSystem {
  readonly blocking: BlockingFileSystem;
  /** `create` makes a new file and fails with `exists`; `open` fails with `notFound`. */
  create(path: string, done: ResultCompletion<File>): void;
  open(path: string, done: ResultCompletion<File>): void;
  size(path: string, done: ResultCompletion<number>): void;
  rename(from: string, to: string, done: Completion): void;
  remove(path: string, done: Completion): void;
  syncDirectory(path: string, done: Completion): void;
}
