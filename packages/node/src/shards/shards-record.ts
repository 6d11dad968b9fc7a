import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { NodeError } from '../node-error.ts';

/** What a data directory was made for. */
export interface ShardsRecord {
  readonly count: number;
  readonly replicas: number;
}

const fileName = 'shards.json';
const version = 1;
const maxBytes = 4096;

/**
 * Refuses a directory that was made with other numbers: every key would be looked for elsewhere.
 *
 * @throws NodeError NODE_SHARDS_MISMATCH
 */
export function checkShardsRecord(dataDir: string, given: ShardsRecord): void {
  const recorded = readShardsRecord(dataDir);
  if (recorded === null) return;
  for (const field of ['count', 'replicas'] as const) {
    if (recorded[field] !== given[field]) {
      throw shardsMismatch(
        `shards.${field}`,
        `${given[field]}`,
        `the data directory ${dataDir} was made with ${recorded[field]}`,
        dataDir,
      );
    }
  }
}

/** Written beside and renamed: a record is whole or not there. Once the node has its directory. */
export function writeShardsRecord(dataDir: string, { count, replicas }: ShardsRecord): void {
  if (readShardsRecord(dataDir) !== null) return;
  const beside = join(dataDir, `${fileName}.new`);
  const file = openSync(beside, 'w');
  try {
    writeSync(file, `${JSON.stringify({ version, count, replicas })}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(beside, join(dataDir, fileName));
  const directory = openSync(dataDir, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

export function shardsMismatch(
  field: string,
  given: string,
  found: string,
  other: string,
): NodeError<'NODE_SHARDS_MISMATCH'> {
  const message =
    `option ${field} is ${given}, and ${found}: it is the same on every node of a cluster, and ` +
    'for good, for it says where each key is';
  return new NodeError('NODE_SHARDS_MISMATCH', message, { field, other });
}

function readShardsRecord(dataDir: string): ShardsRecord | null {
  const path = join(dataDir, fileName);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const found = text.length > maxBytes ? null : parsed(text);
  const isWhole = [found?.['count'], found?.['replicas']].every(Number.isSafeInteger);
  if (found !== null && found['version'] === version && isWhole) {
    return { count: Number(found['count']), replicas: Number(found['replicas']) };
  }
  const message =
    `${path} is not what this version writes. Start the version that wrote it; if it is damaged, ` +
    'remove it: it is written anew, and the log still refuses another count';
  throw new NodeError('NODE_SHARDS_MISMATCH', message, { field: 'dataDir', other: path });
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null;
    return isObject ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
