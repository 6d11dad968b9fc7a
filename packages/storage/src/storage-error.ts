import { CodedError, type FileSystemErrorKind } from '@quorate/base';

/**
 * By code: what a StorageError knows. `file` is relative to the file-system port's root, `offset`
 * counts bytes from its beginning.
 */
export interface StorageErrorMetadata {
  /** The log or the identity contradicts itself. Nothing was changed on the disk. */
  STORAGE_CORRUPT: { readonly file: string; readonly offset: number };
  /** A snapshot file is not what was written. */
  STORAGE_SNAPSHOT_CORRUPT: { readonly file: string; readonly offset: number };
  /** The log names a snapshot whose file is not there. */
  STORAGE_SNAPSHOT_MISSING: { readonly file: string };
  /** A chunk of a snapshot is larger than a snapshot file can hold. */
  STORAGE_CHUNK_TOO_LARGE: { readonly bytes: number; readonly maxBytes: number };
  /** The data directory belongs to another node or another cluster. */
  STORAGE_FOREIGN_DIRECTORY: {
    readonly directory: string;
    readonly foundClusterId: string;
    readonly foundNodeId: number;
    readonly clusterId: string;
    readonly nodeId: number;
  };
  /** A directory without an identity that holds something else. */
  STORAGE_DIRECTORY_NOT_OURS: { readonly directory: string; readonly found: string };
  /** Another process, or another node of this one, uses the data directory. */
  STORAGE_LOCKED: { readonly directory: string };
  /** Written by a version of this program, or with a codec, that this one does not know. */
  STORAGE_VERSION_UNSUPPORTED: {
    readonly file: string;
    readonly found: string;
    readonly supported: string;
  };
  /** A write or an fsync failed. What is on the disk is unknown: the node must stop. */
  STORAGE_FAILED: { readonly file: string; readonly kind: FileSystemErrorKind };
  /** The store was closed before or while the call waited. */
  STORAGE_CLOSED: Record<never, never>;
}

/** Each has a row in docs/reference/errors.md. */
export type StorageErrorCode = keyof StorageErrorMetadata;

/** What is wrong with a data directory, or with the disk under it. Decide by `code`. */
export class StorageError<Code extends StorageErrorCode = StorageErrorCode> extends CodedError<
  StorageErrorMetadata,
  Code
> {
  override readonly name = 'StorageError';
}

/**
 * What a newer program wrote is not for this one to mend.
 *
 * @param found as the file says it
 */
export function unsupportedVersion(
  file: string,
  found: number | string,
  supported: number,
): StorageError<'STORAGE_VERSION_UNSUPPORTED'> {
  return new StorageError(
    'STORAGE_VERSION_UNSUPPORTED',
    `${file} says that it has format version ${found}; this program reads version ${supported}. ` +
      'Nothing was changed. Use the program that wrote it, or a newer one. If no newer one was ' +
      'ever used here, the file is damaged: keep this node down and restore its directory as a ' +
      'whole, or replace the node.',
    { file, found: `${found}`, supported: `${supported}` },
  );
}
