import { FileSystemError } from '@quorate/base';
import type { RestoreOptions, RestoreReport, SnapshotStatus } from '@quorate/server';
import Table from 'cli-table3';
import { SnapshotFileWriter } from '../backup/snapshot-file-writer.ts';
import { byteText } from '../byte-text.ts';
import { CliError, codeOf, messageOf } from '../cli-error.ts';
import { loadServeConfiguration } from '../configuration/serve-configuration.ts';
import type { SettingKey } from '../configuration/settings.ts';
import type { Output } from '../output.ts';
import { type ClientFlags, chooseEndpoints, withClient } from './endpoints.ts';

export interface SaveFlags extends ClientFlags {
  /** Replace a file that is there. */
  readonly isForced: boolean;
}

/** Work that takes longer says how far it is. */
const progressMs = 2000;

/** @throws CliError CLI_SNAPSHOT_FAILED, CLI_REQUEST_FAILED; the file is then as it was */
export async function saveSnapshot(
  path: string,
  flags: SaveFlags,
  output: Output,
): Promise<number> {
  const endpoints = chooseEndpoints(flags.endpoints);
  const writer = opened(path, flags.isForced);
  try {
    let received = 0;
    let toldMs = performance.now();
    const summary = await withClient(endpoints, flags, (client) =>
      client.snapshot((piece, remainingBytes) => {
        writer.write(piece);
        received += piece.length;
        const isSoon = performance.now() - toldMs < progressMs || remainingBytes === 0;
        if (output.isJson || isSoon) return;
        toldMs = performance.now();
        const whole = byteText(received + remainingBytes);
        process.stderr.write(`received ${byteText(received)} of ${whole}\n`);
      }),
    );
    writer.commit();
    if (output.isJson) output.json({ file: path, ...summary });
    else {
      const size = byteText(summary.bytes);
      output.line(`${path}: revision ${summary.revision}, ${size}, from ${summary.endpoint}`);
    }
    return 0;
  } catch (error) {
    writer.abort();
    throw error instanceof CliError ? error : failed(path, error);
  }
}

function opened(path: string, isForced: boolean): SnapshotFileWriter {
  try {
    return new SnapshotFileWriter(path, isForced);
  } catch (error) {
    throw failed(path, error);
  }
}

/** @throws CliError CLI_SNAPSHOT_FAILED */
export async function showSnapshot(path: string, output: Output): Promise<number> {
  const { snapshotStatus } = await import('@quorate/server');
  const status = await snapshotStatus(path).catch((error: unknown) => {
    throw failed(path, error);
  });
  const { hash, revision, totalKeys, totalSizeBytes, version } = status;
  const { sha256, isHashGood, clusterId } = status;
  if (output.isJson) {
    // The names that etcdctl gives them.
    const totalSize = totalSizeBytes;
    const theirs = { hash, revision, totalKey: totalKeys, totalSize, version };
    output.json({ ...theirs, sha256, isHashGood, clusterId });
  } else output.line(statusTable(status));
  if (isHashGood !== false) return 0;
  const message = `${path}: the SHA-256 at its end is not that of what is before it; save it again`;
  throw new CliError('CLI_SNAPSHOT_FAILED', message, { cause: null });
}

function statusTable(status: SnapshotStatus): string {
  const head = ['HASH', 'REVISION', 'TOTAL KEYS', 'TOTAL SIZE', 'VERSION'];
  const table = new Table({ head, style: { head: [], border: [] } });
  const hash = status.hash.toString(16);
  table.push([
    hash,
    status.revision,
    status.totalKeys,
    byteText(status.totalSizeBytes),
    status.version,
  ]);
  return table.toString();
}

export interface RestoreFlags {
  readonly settings: Readonly<Partial<Record<SettingKey, string>>>;
  readonly configPath: string | undefined;
  readonly isHashSkipped: boolean;
  readonly bumpRevision: number | undefined;
  readonly isCompacted: boolean;
  readonly isIdentityKept: boolean;
  readonly fence: string | undefined;
}

/** @throws CliError CLI_USAGE, CLI_CONFIG_INVALID, CLI_SNAPSHOT_FAILED */
export async function restoreFile(
  path: string,
  flags: RestoreFlags,
  output: Output,
): Promise<number> {
  checkRestoreFlags(flags);
  const { settings, configPath } = flags;
  const sources = { flags: settings, configPath, environment: process.env };
  const { name, dataDirectory, members, clusterToken } = loadServeConfiguration(sources);
  const { restoreSnapshot } = await import('@quorate/server');
  const options: RestoreOptions = {
    file: path,
    dataDirectory,
    name,
    members: members.map((member) => ({ name: member.name, peerUrls: [member.peerUrl.text] })),
    clusterToken,
    skipHashCheck: flags.isHashSkipped,
    ...(flags.bumpRevision === undefined ? {} : { bumpRevision: flags.bumpRevision }),
    ...(flags.fence === undefined ? {} : { fence: flags.fence.padStart(16, '0') }),
  };
  const report = await restoreSnapshot(options).catch((error: unknown) => {
    throw failed(path, error);
  });
  if (output.isJson) output.json({ name, dataDirectory, ...report });
  else for (const line of described(report, name, dataDirectory)) output.line(line);
  return 0;
}

function checkRestoreFlags(flags: RestoreFlags): void {
  const isBumped = flags.bumpRevision !== undefined;
  if (isBumped !== flags.isCompacted) {
    throw new CliError('CLI_USAGE', '--bump-revision and --mark-compacted go together', {});
  }
  if (flags.isIdentityKept !== (flags.fence !== undefined)) {
    throw new CliError('CLI_USAGE', '--keep-identity and --fence CLUSTER_ID go together', {});
  }
  if (flags.fence !== undefined && !/^[0-9a-f]{1,16}$/.test(flags.fence)) {
    const message = '--fence is no id of a cluster; give up to 16 hex digits, as status shows them';
    throw new CliError('CLI_USAGE', message, {});
  }
}

function described(report: RestoreReport, name: string, directory: string): string[] {
  const { keys, leases, users, revision, clusterId, memberId } = report;
  const identity = report.isIdentityKept ? 'its old id' : 'a new id';
  return [
    `${directory}: revision ${revision}, ${keys} keys, ${leases} leases, ${users} users`,
    `member ${name} (${memberId}) of cluster ${clusterId}, ${identity}`,
    report.isIdentityKept
      ? 'start it with serve and the same settings, and then add other members to it'
      : 'restore the other members from the same file, and start all with serve',
  ];
}

function failed(path: string, error: unknown): Error {
  // Without a code it is a defect, whose stack is worth more than a sentence.
  const cause = codeOf(error);
  if (error instanceof Error && cause === null && !(error instanceof FileSystemError)) return error;
  const message = messageOf(error);
  const text = message.includes(path) ? message : `${path}: ${message}`;
  return new CliError('CLI_SNAPSHOT_FAILED', text, { cause }, { cause: error });
}
