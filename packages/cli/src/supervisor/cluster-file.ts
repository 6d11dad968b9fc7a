import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CliError, codeOf, messageOf } from '../cli-error.ts';

const port = z.int().min(1).max(65_535);
/** A ProcessIdentity. */
const identity = z.object({
  pid: z.int().min(1),
  startTicks: z.string().max(32).nullable(),
});

const clusterRecord = z.object({
  kind: z.literal('quorate local cluster'),
  version: z.literal(1),
  /** What the nodes serve. Not in files that were written before there was a choice. */
  service: z.enum(['etcd', 'ledger']).default('etcd'),
  token: z.string().min(1).max(128),
  clientPort: port,
  peerPort: port,
  /** Not in files that were written before it could be chosen. */
  tls: z.boolean().default(false),
  /** Whether every node has served once: from then on none may start with an empty directory. */
  formed: z.boolean(),
  supervisor: identity,
  leader: z.object({ name: z.string(), pid: z.int(), term: z.int() }).nullable(),
  nodes: z
    .array(
      z.object({
        name: z.string().regex(/^n[1-9]\d?$/),
        /** null: not running at the moment. */
        process: identity.nullable(),
        clientUrl: z.string(),
        peerUrl: z.string(),
        dataDirectory: z.string(),
        log: z.string(),
      }),
    )
    .min(1)
    .max(99),
});

/** What `cluster.json` says, for the next start and for scripts that want a pid. */
export type ClusterRecord = z.output<typeof clusterRecord>;

export function clusterFilePath(directory: string): string {
  return join(directory, 'cluster.json');
}

/**
 * @returns null when the directory has no such file
 * @throws CliError CLI_DATA_DIRECTORY when the file is something else
 */
export function readClusterFile(directory: string): ClusterRecord | null {
  const path = clusterFilePath(directory);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw new CliError(
      'CLI_DATA_DIRECTORY',
      `${path} cannot be read (${messageOf(error)}); choose another directory with --data-dir`,
      { path },
      { cause: error },
    );
  }
  return parseClusterRecord(path, text);
}

/**
 * @param path named in the error
 * @throws CliError CLI_DATA_DIRECTORY
 */
export function parseClusterRecord(path: string, text: string): ClusterRecord {
  try {
    return clusterRecord.parse(JSON.parse(text));
  } catch (error) {
    throw notOurs(path, error);
  }
}

function notOurs(path: string, cause: unknown): CliError {
  return new CliError(
    'CLI_DATA_DIRECTORY',
    `${path} was not written by quorate up; choose another directory with --data-dir`,
    { path },
    { cause },
  );
}

/** Replaces the file in one step, so that a reader never sees half of it. */
export function writeClusterFile(directory: string, record: ClusterRecord): void {
  const path = clusterFilePath(directory);
  writeFileSync(`${path}.new`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}
