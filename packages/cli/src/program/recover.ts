import type { Command } from 'commander';
import { openOutput } from '../output.ts';
import { recoverHelp } from '../recover-help.ts';
import { type Finish, wholeNumber } from './client-command.ts';

/** `quorate recover`: one survivor goes on where a majority is gone for good. */
export function addRecover(program: Command, finish: Finish): void {
  program
    .command('recover')
    .helpGroup('Run:')
    .description('Make a stopped survivor the only voter, after a majority was lost.')
    .requiredOption('--data-dir <DIR>', 'of the survivor that has the most')
    .option('--dry-run', 'say what it has and what would be done, and change nothing')
    .option('--lost-quorum <CLUSTER_ID>', 'the cluster whose majority is gone for good')
    .option(
      '--bump-revision <N>',
      'leave out N revisions, so that none comes a second time',
      wholeNumber(1, 2 ** 52),
    )
    .option('--mark-compacted', 'compact what is before; goes with --bump-revision')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', recoverHelp)
    .action(async (options) => {
      const { recover } = await import('../commands/recover.ts');
      const flags = {
        dataDirectory: options.dataDir,
        isDryRun: options.dryRun === true,
        lostQuorum: options.lostQuorum,
        bumpRevision: options.bumpRevision,
        isCompacted: options.markCompacted === true,
      };
      finish(await recover(flags, openOutput(options.json === true)));
    });
}
