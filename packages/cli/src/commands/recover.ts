import { FileSystemError } from '@quorate/base';
import type { RecoverOptions, RecoveryReport } from '@quorate/server';
import { CliError, codeOf, messageOf } from '../cli-error.ts';
import type { Output } from '../output.ts';

export interface RecoverFlags {
  readonly dataDirectory: string;
  readonly isDryRun: boolean;
  readonly lostQuorum: string | undefined;
  readonly bumpRevision: number | undefined;
  readonly isCompacted: boolean;
}

/**
 * Makes a stopped member the only voter of a new cluster.
 *
 * @throws CliError CLI_USAGE, CLI_RECOVER_FAILED
 */
export async function recover(flags: RecoverFlags, output: Output): Promise<number> {
  checkFlags(flags);
  const { dataDirectory, isDryRun, lostQuorum, bumpRevision } = flags;
  const options: RecoverOptions = {
    dataDirectory,
    dryRun: isDryRun,
    ...(lostQuorum === undefined ? {} : { lostQuorum: lostQuorum.padStart(16, '0') }),
    ...(bumpRevision === undefined ? {} : { bumpRevision }),
  };
  const report = await run(options);
  if (output.isJson) output.json(report);
  else for (const line of described(report, dataDirectory)) output.line(line);
  if (report.outcome === 'impossible') throw failed(dataDirectory, report.reason ?? '', null);
  if (report.outcome === 'recovered' || isDryRun) return 0;
  const message =
    `nothing was changed: name the cluster by --lost-quorum ${report.clusterId}, if its majority ` +
    'is gone for good';
  throw new CliError('CLI_USAGE', message, {});
}

function checkFlags({ lostQuorum, bumpRevision, isCompacted }: RecoverFlags): void {
  if ((bumpRevision !== undefined) !== isCompacted) {
    throw new CliError('CLI_USAGE', '--bump-revision and --mark-compacted go together', {});
  }
  if (lostQuorum === undefined || /^[0-9a-f]{1,16}$/.test(lostQuorum)) return;
  const message = '--lost-quorum is no id of a cluster; --dry-run prints the one to give';
  throw new CliError('CLI_USAGE', message, {});
}

async function run(options: RecoverOptions): Promise<RecoveryReport> {
  const { recoverMember } = await import('@quorate/server');
  try {
    return await recoverMember(options);
  } catch (error) {
    // Without a code it is a defect, whose stack is worth more than a sentence.
    if (codeOf(error) === null && !(error instanceof FileSystemError)) throw error;
    throw failed(options.dataDirectory, messageOf(error), codeOf(error), error);
  }
}

function failed(directory: string, why: string, cause: string | null, error?: unknown): CliError {
  const message = `${directory} was not recovered: ${why}`;
  return new CliError('CLI_RECOVER_FAILED', message, { cause }, { cause: error });
}

function described(report: RecoveryReport, directory: string): string[] {
  const { clusterId, memberId, name, voters, repairUntil, recovered } = report;
  const lines =
    recovered?.clusterId === clusterId
      ? []
      : [
          `member ${memberId} ${name} of cluster ${clusterId}`,
          `voters: ${voters.map((one) => `${one.id} ${one.name}`).join(', ')}`,
          `the log ends in term ${report.lastTerm}, at entry ${report.lastIndex}`,
          `revision ${report.revision}, ${report.keys} keys`,
          ...uncertain(report),
        ];
  if (repairUntil > 0) {
    lines.push(`damage took entries up to ${repairUntil} from it: prefer another survivor`);
  }
  if (recovered !== null) {
    const { keptIn, bumpRevision } = recovered;
    if (bumpRevision > 0) lines.push(`${bumpRevision} revisions were left out`);
    lines.push(
      `recovered as cluster ${recovered.clusterId}, with this member as its only voter`,
      `the data directory as it was is in ${directory}/${keptIn}`,
      'start it, and add members to it, each with an empty data directory',
    );
  } else if (report.outcome === 'possible') {
    lines.push(
      'it would go on as the only voter of a new cluster; nothing was changed',
      'of several survivors take the one with the highest term, then the highest entry',
    );
  }
  return lines;
}

function uncertain({ commitIndex, lastIndex }: RecoveryReport): string[] {
  if (commitIndex === lastIndex) return [];
  const which = commitIndex + 1 === lastIndex ? 'that is entry' : `entries ${commitIndex + 1} to`;
  return [`not known to be committed, and kept: ${which} ${lastIndex}`];
}
