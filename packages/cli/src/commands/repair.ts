import { FileSystemError } from '@quorate/base';
import type { RepairReport } from '@quorate/server';
import { CliError, codeOf, messageOf } from '../cli-error.ts';
import type { Output } from '../output.ts';

export interface RepairFlags {
  readonly dataDirectory: string;
  readonly isDryRun: boolean;
}

/**
 * Repairs the damaged log of a node that is not running.
 *
 * @throws CliError CLI_REPAIR_FAILED
 */
export async function repair(flags: RepairFlags, output: Output): Promise<number> {
  const { dataDirectory, isDryRun } = flags;
  // A plan first, so that it is known even if the rest is interrupted.
  const plan = await run(dataDirectory, true);
  if (!output.isJson) describePlan(plan, output);
  if (plan.outcome === 'impossible') {
    if (output.isJson) output.json(plan);
    throw impossible(plan, dataDirectory);
  }
  // A plan that finds nothing leaves a repair that was interrupted to be finished.
  const done = isDryRun ? plan : await run(dataDirectory, false);
  if (output.isJson) output.json(done);
  else output.line(conclusion(plan, done));
  return 0;
}

async function run(dataDirectory: string, dryRun: boolean): Promise<RepairReport> {
  // Here, not at the top: the other commands start faster without the server.
  const { repairServer } = await import('@quorate/server');
  try {
    return await repairServer(dataDirectory, dryRun);
  } catch (error) {
    // Without a code it is a defect, whose stack is worth more than a sentence.
    if (codeOf(error) === null && !(error instanceof FileSystemError)) throw error;
    const cause = codeOf(error);
    const message = `${dataDirectory} was not repaired: ${messageOf(error)}`;
    throw new CliError('CLI_REPAIR_FAILED', message, { cause }, { cause: error });
  }
}

function describePlan({ clusterId, nodeId, damage, groups }: RepairReport, output: Output): void {
  output.line(`node ${nodeId} of cluster ${clusterId}`);
  for (const { file, offset, what } of damage) {
    output.line(`damage: ${file} at offset ${offset}: ${what}`);
  }
  if (damage.length === 0) return;
  for (const group of groups) output.line(`group ${group.group}: ${describeGroup(group)}`);
  if (!groups.some(wantsOthers)) return;
  output.line(
    'What comes from the other members they must have: repair one node at a time, and only ' +
      'while a majority of the others is sound',
  );
}

type Group = RepairReport['groups'][number];

function wantsOthers({ outcome, isAlone }: Group): boolean {
  return !isAlone && (outcome === 'kept' || outcome === 'emptied');
}

function describeGroup(group: Group): string {
  const { outcome, lastIndex, repairUntil, reason } = group;
  if (outcome === 'lost') return `cannot be repaired: ${reason}`;
  const votes = repairUntil === 0 ? '' : `; no votes until the log is at ${repairUntil} again`;
  switch (outcome) {
    case 'whole':
      return `whole, up to entry ${lastIndex}${votes}`;
    case 'kept':
      return wantsOthers(group)
        ? `kept up to entry ${lastIndex}, the rest comes from the other members${votes}`
        : `kept up to entry ${lastIndex}`;
    default:
      return wantsOthers(group)
        ? `emptied, all of it comes from the other members${votes}`
        : 'emptied, it had nothing yet';
  }
}

function conclusion(plan: RepairReport, done: RepairReport): string {
  if (done.outcome === 'intact') return 'nothing to repair';
  if (done === plan) {
    return `nothing was changed; a repair would put the damaged files into ${done.damagedFiles}`;
  }
  return `repaired; the damaged files are in ${done.damagedFiles}. Start the node again.`;
}

function impossible({ groups, mayHideGroups }: RepairReport, directory: string): CliError {
  const lost = groups.filter(({ outcome }) => outcome === 'lost');
  // Nobody is there who could remove it and add it anew.
  const isAlone = lost.some((group) => group.isAlone);
  const reasons = [...new Set(lost.map(({ reason }) => reason))];
  const why = mayHideGroups
    ? 'the damage may have swallowed a group whole'
    : isAlone
      ? reasons.join('; ')
      : 'what this node has promised cannot be told any more';
  const remedy = isAlone
    ? 'Keep the node down, and its directory as it is; restore a backup, or a copy of the whole ' +
      'directory that was made while the node was stopped'
    : 'Keep the node down, remove it from its groups on the others, and add it anew with an ' +
      'empty data directory; where it has no others, restore a backup';
  return new CliError(
    'CLI_REPAIR_FAILED',
    `${directory} cannot be repaired: ${why}. Nothing was changed. ${remedy}`,
    { cause: null },
  );
}
