import {
  type BlockingFileSystem,
  type Crypto,
  type DirectoryLock,
  type FileSystem,
  FileSystemError,
  portableChecksum,
} from '@quorate/base';
import type { NodeId } from '@quorate/schema';
import { identityPath, joinPath, sequenceOf, walDirectory } from '../data-layout.ts';
import { StorageError, unsupportedVersion } from '../storage-error.ts';

const version = 1;
const incarnationBytes = 6;
const maxIdentityBytes = 4096;
const pattern =
  /^quorate data directory\nversion (\d+)\ncluster ([^\n]+)\nnode (\d+)\nincarnation (\d+)\n$/;
const checksumLine = /checksum ([0-9a-f]{8})\n$/;

/**
 * Whose directory it has to be, or to become. `directory` is relative to the file-system port's
 * root, and is made with its parents when it is not there.
 */
export interface ClaimOptions {
  readonly fileSystem: FileSystem;
  readonly crypto: Crypto;
  readonly directory: string;
  /** 16 hex digits. */
  readonly clusterId: string;
  readonly nodeId: NodeId;
}

/**
 * A directory that this process holds, locked against all others until `release` or the end of the
 * process.
 */
export interface DataDirectory {
  /** Drawn at random when the directory was first claimed: a wiped node comes back as another. */
  readonly incarnation: number;
  /** Gives the lock back. Idempotent. */
  release(): void;
}

interface Identity {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly incarnation: number;
}

/**
 * Takes the directory for this node and this process, and makes it this node's if it is new.
 *
 * @throws StorageError STORAGE_LOCKED, STORAGE_FOREIGN_DIRECTORY, STORAGE_VERSION_UNSUPPORTED,
 *   STORAGE_CORRUPT (a damaged identity, or a log without one)
 * @throws FileSystemError when the disk cannot be read or written
 */
export function claimDataDirectory(options: ClaimOptions): DataDirectory {
  const { directory, fileSystem } = options;
  const { blocking } = fileSystem;
  blocking.makeDirectory(directory);
  const lock = takeLock(blocking, directory);
  try {
    const identity = readIdentity(blocking, directory) ?? createIdentity(options);
    if (identity.clusterId !== options.clusterId || identity.nodeId !== options.nodeId) {
      throw foreign(options, identity);
    }
    // Seen is not durable: a process killed before its own call leaves the name in the cache only.
    blocking.syncDirectory(directory);
    return { incarnation: identity.incarnation, release: once(lock) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A directory that a node has claimed before, taken by a process that only mends it. */
interface HeldDirectory extends Identity {
  /** Gives the lock back. */
  release(): void;
}

/**
 * Takes the lock of a node's data directory, whosever it is, and changes nothing in it.
 *
 * @throws StorageError STORAGE_LOCKED, STORAGE_DIRECTORY_NOT_OURS (there is no identity),
 *   STORAGE_VERSION_UNSUPPORTED, STORAGE_CORRUPT
 * @throws FileSystemError when the disk cannot be read, or there is no such directory
 */
export function holdDataDirectory(fileSystem: FileSystem, directory: string): HeldDirectory {
  const { blocking } = fileSystem;
  // Before the lock, which may want to write a file.
  const [found = 'nothing'] = blocking.list(directory);
  if (!blocking.list(directory).includes('identity')) {
    throw new StorageError(
      'STORAGE_DIRECTORY_NOT_OURS',
      `${directory} is no node's data directory: it has no file named identity. Nothing was ` +
        'changed. Name the directory that holds identity, wal and snapshots.',
      { directory, found },
    );
  }
  const lock = takeLock(blocking, directory);
  try {
    const identity = readIdentity(blocking, directory);
    if (identity === null) throw damaged(identityPath(directory), 'the file is gone');
    return { ...identity, release: once(lock) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function once(lock: DirectoryLock): () => void {
  let held = true;
  return () => {
    if (held) lock.release();
    held = false;
  };
}

function takeLock(blocking: BlockingFileSystem, directory: string): DirectoryLock {
  try {
    return blocking.lock(directory);
  } catch (error) {
    if (!(error instanceof FileSystemError) || error.kind !== 'locked') throw error;
    throw new StorageError(
      'STORAGE_LOCKED',
      `the data directory ${directory} is in use: ${lockedBy(error)}. Give this node a ` +
        'directory of its own, or end what uses this one first.',
      { directory },
      { cause: error },
    );
  }
}

/** The port's message without what is said of every lock. */
function lockedBy({ message, path }: FileSystemError): string {
  const [, who = message] = message.split(`cannot lock ${path}: `);
  return who;
}

/**
 * Whose directory it is, without taking it: its node may be running.
 *
 * @returns null when it is nobody's yet, or there is no such directory
 * @throws StorageError STORAGE_VERSION_UNSUPPORTED, STORAGE_CORRUPT
 */
export function ownerOf(fileSystem: FileSystem, directory: string): DirectoryOwner | null {
  const { blocking } = fileSystem;
  try {
    const identity = readIdentity(blocking, directory);
    return identity === null ? null : { clusterId: identity.clusterId, nodeId: identity.nodeId };
  } catch (error) {
    if (error instanceof FileSystemError && error.kind === 'notFound') return null;
    throw error;
  }
}

/** Whom a data directory was made for; no other node can open it. */
export interface DirectoryOwner {
  /** 16 hex digits. */
  readonly clusterId: string;
  readonly nodeId: NodeId;
}

function readIdentity(blocking: BlockingFileSystem, directory: string): Identity | null {
  if (!blocking.list(directory).includes('identity')) return null;
  const file = identityPath(directory);
  const bytes = blocking.readFile(file);
  if (bytes.length > maxIdentityBytes) throw damaged(file, 'the file is too long');
  const text = new TextDecoder().decode(bytes);
  const body = text.replace(checksumLine, '');
  const [, checksum] = checksumLine.exec(text) ?? [];
  // Another version may have another checksum.
  const found = /^quorate data directory\nversion (\d{1,9})\n/.exec(body)?.[1];
  if (found !== undefined && found !== `${version}`) throw unsupportedVersion(file, found, version);
  if (checksum !== checksumOf(body)) throw damaged(file, 'the checksum is wrong');
  const [, , clusterId = '', node, incarnation] = pattern.exec(body) ?? [];
  if (node === undefined) throw damaged(file, 'a line is missing');
  const identity = { clusterId, nodeId: Number(node), incarnation: Number(incarnation) };
  const isSafe = [identity.nodeId, identity.incarnation].every(Number.isSafeInteger);
  if (!isSafe) throw damaged(file, 'a number is out of range');
  return identity;
}

/** Written beside and renamed: an identity is whole or not there. */
function createIdentity(options: ClaimOptions): Identity {
  const { fileSystem, crypto, directory, clusterId, nodeId } = options;
  const { blocking } = fileSystem;
  refuseOrphanedLog(blocking, directory);
  refuseOthersData(blocking, directory);
  syncAncestors(blocking, directory);
  let incarnation = 0;
  for (const byte of crypto.randomBytes(incarnationBytes)) incarnation = incarnation * 256 + byte;
  const body =
    `quorate data directory\nversion ${version}\ncluster ${clusterId}\nnode ${nodeId}\n` +
    `incarnation ${incarnation}\n`;
  const content = new TextEncoder().encode(`${body}checksum ${checksumOf(body)}\n`);
  const beside = joinPath(directory, 'identity.new');
  blocking.writeFileDurably(beside, content);
  blocking.rename(beside, identityPath(directory));
  blocking.syncDirectory(directory);
  return { clusterId, nodeId, incarnation };
}

function refuseOrphanedLog(blocking: BlockingFileSystem, directory: string): void {
  const names = blocking.list(directory);
  const segments = names.includes('wal') ? blocking.list(walDirectory(directory)) : [];
  if (!names.includes('log-begun') && !segments.some((name) => sequenceOf(name) !== null)) return;
  throw damaged(identityPath(directory), 'the file is missing, and there is a log beside it');
}

/** What a new data directory may hold: nothing but what an earlier attempt to begin left. */
const ownNames: ReadonlySet<string> = new Set(['identity.new', 'wal', 'snapshots', 'lost+found']);

function refuseOthersData(blocking: BlockingFileSystem, directory: string): void {
  const found = blocking
    .list(directory)
    .find((name) => !ownNames.has(name) && !name.startsWith('.'));
  if (found === undefined) return;
  throw new StorageError(
    'STORAGE_DIRECTORY_NOT_OURS',
    `the data directory ${directory} is not empty and not this program's: it holds ${found}. ` +
      'Nothing was changed. Give this node a directory of its own.',
    { directory, found },
  );
}

/** The directories above may be new as well, and the data is only as durable as their names. */
function syncAncestors(blocking: BlockingFileSystem, directory: string): void {
  let path = directory;
  while (path !== '.' && path !== '/' && path !== '') {
    const slash = path.lastIndexOf('/');
    path = slash < 0 ? '.' : path.slice(0, slash) || '/';
    try {
      blocking.syncDirectory(path);
    } catch (error) {
      // Whoever may not even read a directory has not made the one below it.
      if (!(error instanceof FileSystemError) || error.kind !== 'permission') throw error;
    }
  }
}

function checksumOf(body: string): string {
  const crc = portableChecksum.crc32(new TextEncoder().encode(body), 0);
  return crc.toString(16).padStart(8, '0');
}

function foreign(options: ClaimOptions, found: Identity): StorageError {
  const { directory, clusterId, nodeId } = options;
  return new StorageError(
    'STORAGE_FOREIGN_DIRECTORY',
    `the data directory ${directory} belongs to node ${found.nodeId} of cluster ` +
      `${found.clusterId}, not to node ${nodeId} of cluster ${clusterId}. Nothing was changed. ` +
      'Check the node id, the cluster name and the directory in the configuration.',
    {
      directory,
      foundClusterId: found.clusterId,
      foundNodeId: found.nodeId,
      clusterId,
      nodeId,
    },
  );
}

function damaged(file: string, what: string): StorageError {
  return new StorageError(
    'STORAGE_CORRUPT',
    `${file}: ${what}. Nothing was changed. Keep this node down and restore its directory as a ` +
      'whole; never start it under its old name without its data.',
    { file, offset: 0 },
  );
}
