import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { FileSystemError } from '@quorate/base';
import {
  type BackupFile,
  type BackupTarget,
  backupsAmong,
  makeBackup,
  snapshotStatus,
  type VerifiedSnapshot,
  verifySnapshot,
} from '@quorate/server';
import Table from 'cli-table3';
import { openTarget } from '../backup/open-target.ts';
import { SnapshotFileWriter } from '../backup/snapshot-file-writer.ts';
import { byteText } from '../byte-text.ts';
import { CliError, codeOf, messageOf } from '../cli-error.ts';
import type { Output } from '../output.ts';
import { type ClientFlags, chooseEndpoints, withClient } from './endpoints.ts';

/** Where backups are. */
export interface BackupPlace {
  readonly target: string;
  readonly s3Endpoint: string | null;
}

/** @throws CliError CLI_BACKUP_FAILED, CLI_REQUEST_FAILED */
export async function backupNow(
  place: BackupPlace,
  flags: ClientFlags,
  output: Output,
): Promise<number> {
  const target = await openTarget(place.target, place.s3Endpoint);
  const endpoints = chooseEndpoints(flags.endpoints);
  return withTemporary(async (directory) => {
    const path = join(directory, 'snapshot.db');
    const atMs = Date.now();
    const writer = new SnapshotFileWriter(path, false);
    try {
      await withClient(endpoints, flags, (client) =>
        client.snapshot((piece) => writer.write(piece)),
      );
      writer.commit();
    } catch (error) {
      writer.abort();
      throw error;
    }
    const { clusterId, revision } = await snapshotStatus(path);
    if (clusterId === null) throw failed(place.target, 'the cluster is none of quorate serve');
    const source = { clusterId, revision, atMs, pieces: createReadStream(path) };
    const made = await makeBackup(source, target);
    if (output.isJson) output.json({ target: target.description, ...made, revision });
    else output.line(`${made.name}: revision ${revision}, ${byteText(made.bytes)}`);
    return 0;
  }).catch((error: unknown) => {
    throw told(place.target, error);
  });
}

/** @throws CliError CLI_BACKUP_FAILED */
export async function listBackups(place: BackupPlace, output: Output): Promise<number> {
  const target = await openTarget(place.target, place.s3Endpoint);
  const files = await target.list().catch((error: unknown) => {
    throw told(place.target, error);
  });
  const backups = backupsAmong(files, null);
  const time = ({ atMs }: BackupFile): string => new Date(atMs).toISOString();
  if (output.isJson) {
    for (const { atMs, ...backup } of backups) {
      output.json({ ...backup, at: new Date(atMs).toISOString() });
    }
    return 0;
  }
  const head = ['NAME', 'TIME', 'REVISION', 'SIZE'];
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const one of backups) table.push([one.name, time(one), one.revision, byteText(one.bytes)]);
  output.line(table.toString());
  return 0;
}

/**
 * @param isNewestOnly of several only the newest
 * @throws CliError CLI_BACKUP_FAILED when one is damaged, or there is none
 */
export async function verifyBackups(
  place: BackupPlace,
  isNewestOnly: boolean,
  output: Output,
): Promise<number> {
  let damaged = 0;
  let read = 0;
  const verify = async (name: string, path: string): Promise<void> => {
    read += 1;
    try {
      const found = await verifySnapshot(path);
      if (output.isJson) output.json({ name, isGood: true, ...found });
      else output.line(`${name}: good: ${describe(found)}`);
    } catch (error) {
      if (codeOf(error) !== 'SERVER_SNAPSHOT_INVALID') throw error;
      damaged += 1;
      const reason = messageOf(error);
      if (output.isJson) output.json({ name, isGood: false, reason });
      else output.line(`${name}: DAMAGED: ${reason}`);
    }
  };
  try {
    if (isFile(place.target)) await verify(place.target, place.target);
    else await verifyAll(place, isNewestOnly, verify);
  } catch (error) {
    throw told(place.target, error);
  }
  if (read === 0) throw failed(place.target, 'there is no backup');
  if (damaged === 0) return 0;
  throw failed(place.target, `${damaged} of ${read} are damaged; do not count on them`);
}

async function verifyAll(
  place: BackupPlace,
  isNewestOnly: boolean,
  verify: (name: string, path: string) => Promise<void>,
): Promise<void> {
  // A single object is named as a file of the prefix above it.
  const isObject = place.target.startsWith('s3:') && place.target.endsWith('.db');
  const above = isObject ? dirname(place.target).replace(/^s3:\/(?!\/)/, 's3://') : place.target;
  const target = await openTarget(above, place.s3Endpoint);
  const all = backupsAmong(await target.list(), null).map(({ name }) => name);
  const wanted = isNewestOnly ? all.slice(-1) : all;
  for (const name of isObject ? [basename(place.target)] : wanted) {
    await withTemporary(async (directory) => verify(name, await fetched(target, name, directory)));
  }
}

async function fetched(target: BackupTarget, name: string, directory: string): Promise<string> {
  const path = join(directory, 'backup.db');
  await pipeline(target.read(name), createWriteStream(path));
  return path;
}

function describe(found: VerifiedSnapshot): string {
  const { revision, keys, leases, users, records, pages, hashKv } = found;
  return (
    `revision ${revision}, ${keys} keys, ${records} records, ${leases} leases, ${users} users, ` +
    `${pages} pages, ${byteText(found.totalSizeBytes)}, HashKV ${hashKv}`
  );
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

async function withTemporary<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'quorate-backup-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function failed(target: string, reason: string): CliError<'CLI_BACKUP_FAILED'> {
  return new CliError('CLI_BACKUP_FAILED', `${target}: ${reason}`, { cause: null });
}

/** What a service of others says has a name at most, and no code. */
function told(target: string, error: unknown): unknown {
  if (error instanceof CliError || !(error instanceof Error)) return error;
  const isDefect = error instanceof TypeError || error instanceof ReferenceError;
  if (isDefect && codeOf(error) === null && !(error instanceof FileSystemError)) return error;
  const cause = codeOf(error) ?? error.name;
  const message = messageOf(error);
  const text = message.includes(target) ? message : `${target}: ${message}`;
  return new CliError('CLI_BACKUP_FAILED', text, { cause }, { cause: error });
}
