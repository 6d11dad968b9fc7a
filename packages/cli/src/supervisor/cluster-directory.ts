import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Clock } from '@quorate/base';
import { CliError, codeOf, messageOf } from '../cli-error.ts';
import { type ClusterRecord, clusterFilePath, readClusterFile } from './cluster-file.ts';
import { certificatesPath } from './plan.ts';
import { isAlive, type ProcessIdentity } from './process-identity.ts';

/**
 * What an earlier `quorate up` left in `directory`, or null when it is empty or not there.
 *
 * @throws CliError CLI_DATA_DIRECTORY when the directory is not ours to use
 */
export function inspectDirectory(directory: string): ClusterRecord | null {
  const record = readClusterFile(directory);
  if (record !== null) return record;
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw directoryUnusable(directory, error);
  }
  // What a start that was interrupted before its first record may leave.
  const ours = ['cluster.json.new', basename(certificatesPath(directory))];
  const foreign = names.find((name) => !ours.includes(name));
  if (foreign === undefined) return null;
  throw unusable(directory, `is not empty and not of quorate up (it holds ${foreign})`);
}

export function directoryUnusable(path: string, cause: unknown): CliError {
  return unusable(path, `cannot be used (${messageOf(cause)})`);
}

function unusable(path: string, problem: string): CliError {
  return new CliError(
    'CLI_DATA_DIRECTORY',
    `${path} ${problem}; choose another directory with --data-dir`,
    { path },
  );
}

/**
 * Waits for nodes that outlive a killed supervisor: they close by themselves within seconds.
 *
 * @throws CliError CLI_ALREADY_RUNNING when a supervisor is alive, or a node does not end
 */
export async function waitForEarlierProcesses(
  directory: string,
  record: ClusterRecord,
  clock: Pick<Clock, 'monotonicMs'>,
  pause: (delayMs: number) => Promise<void>,
): Promise<void> {
  const { supervisor } = record;
  if (supervisor.pid !== process.pid && isAlive(supervisor)) {
    throw running(directory, 'another quorate up', [supervisor]);
  }
  const nodes = record.nodes.flatMap((node) => node.process ?? []);
  const deadlineMs = clock.monotonicMs() + 5000;
  for (;;) {
    const alive = nodes.filter(isAlive);
    if (alive.length === 0) return;
    if (clock.monotonicMs() >= deadlineMs) throw running(directory, 'a node', alive);
    await pause(50);
  }
}

function running(path: string, what: string, processes: readonly ProcessIdentity[]): CliError {
  const processIds = processes.map(({ pid }) => pid);
  return new CliError(
    'CLI_ALREADY_RUNNING',
    `${what} still uses ${path} (pid ${processIds.join(', ')}); stop it, or use another --data-dir`,
    { path, processIds },
  );
}

/** Removes the nodes that `record` names, and the record last; nothing else in the directory. */
export function clearDirectory(directory: string, record: ClusterRecord): void {
  for (const { name } of record.nodes) {
    rmSync(join(directory, name), { recursive: true, force: true });
  }
  if (record.tls) rmSync(certificatesPath(directory), { recursive: true, force: true });
  rmSync(clusterFilePath(directory), { force: true });
}
