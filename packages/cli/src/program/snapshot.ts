import type { Command } from 'commander';
import { openOutput } from '../output.ts';
import { snapshotHelp } from '../snapshot-help.ts';
import { addConnectionOptions, clientFlags, type Finish, wholeNumber } from './client-command.ts';
import { settingFlags, settingOption } from './setting-options.ts';

const restoreSettings = [
  'name',
  'data-dir',
  'initial-cluster',
  'initial-cluster-token',
  'initial-advertise-peer-urls',
  'listen-peer-urls',
] as const;

/** `quorate snapshot ...`: files that hold the whole state. */
export function addSnapshot(program: Command, finish: Finish): void {
  const snapshot = program
    .command('snapshot')
    .helpGroup('Keep:')
    .description('Save the whole state to a file, and begin a cluster from one.');
  const save = snapshot
    .command('save')
    .description('Save the state of a running cluster, or of a stopped member.')
    .argument('FILE', 'a new file')
    .option('--force', 'replace FILE when it is there')
    .option('--data-dir <DIR>', 'of a stopped member, instead of asking a cluster');
  addConnectionOptions(save)
    .addHelpText('after', snapshotHelp.save)
    .action(async (file: string, options) => {
      const output = openOutput(options.json === true);
      const isForced = options.force === true;
      if (options.dataDir !== undefined) {
        const { saveStoppedMember } = await import('../commands/save-stopped.ts');
        const flags = { dataDirectory: options.dataDir, isForced };
        finish(await saveStoppedMember(file, flags, output));
        return;
      }
      const { saveSnapshot } = await import('../commands/snapshot.ts');
      finish(await saveSnapshot(file, { ...clientFlags(options), isForced }, output));
    });
  snapshot
    .command('status')
    .description('Say what is in a file.')
    .argument('FILE', 'saved by this program or by etcd')
    .option('--json', 'print JSON')
    .addHelpText('after', snapshotHelp.status)
    .action(async (file: string, options) => {
      const { showSnapshot } = await import('../commands/snapshot.ts');
      finish(await showSnapshot(file, openOutput(options.json === true)));
    });
  addRestore(snapshot, finish);
}

function addRestore(snapshot: Command, finish: Finish): void {
  const restore = snapshot
    .command('restore')
    .description('Make the data directory of one member of a new cluster.')
    .argument('FILE', 'saved by this program or by etcd, the same for every member')
    .option('--config <FILE>', 'read settings from the YAML file that serve will read');
  for (const key of restoreSettings) restore.addOption(settingOption(key));
  restore
    .optionsGroup('State:')
    .option('--skip-hash-check', "take a file without a SHA-256: a copy of an etcd's database")
    .option(
      '--bump-revision <N>',
      'leave out N revisions, so that none comes a second time',
      wholeNumber(1, 2 ** 52),
    )
    .option('--mark-compacted', 'compact what is before; goes with --bump-revision')
    .optionsGroup('Identity:')
    .option('--keep-identity', 'go on as the cluster that FILE is from, which is dead for good')
    .option('--fence <CLUSTER_ID>', 'the id of that cluster; goes with --keep-identity')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', snapshotHelp.restore)
    .action(async (file: string, options) => {
      const { restoreFile } = await import('../commands/snapshot.ts');
      const flags = {
        settings: settingFlags(options, restoreSettings),
        configPath: options.config,
        isHashSkipped: options.skipHashCheck === true,
        bumpRevision: options.bumpRevision,
        isCompacted: options.markCompacted === true,
        isIdentityKept: options.keepIdentity === true,
        fence: options.fence,
      };
      finish(await restoreFile(file, flags, openOutput(options.json === true)));
    });
}
