import type { Command } from 'commander';
import { openOutput } from '../output.ts';
import { backupHelp } from '../snapshot-help.ts';
import { addConnectionOptions, clientFlags, type Finish } from './client-command.ts';

const s3Endpoint = "of an S3 service that is not Amazon's (default: AWS_ENDPOINT_URL)";

/** `quorate backup ...`: what serve's schedule makes, by hand. */
export function addBackup(program: Command, finish: Finish): void {
  const backup = program
    .command('backup')
    .helpGroup('Keep:')
    .description('Make, list and verify backups in a directory or an S3 bucket.');
  const now = backup
    .command('now')
    .description('Make a backup of a running cluster.')
    .argument('TARGET', 'a directory, or s3://BUCKET/PREFIX')
    .option('--backup-s3-endpoint <URL>', s3Endpoint);
  addConnectionOptions(now)
    .addHelpText('after', backupHelp.now)
    .action(async (target: string, options) => {
      const { backupNow } = await import('../commands/backup.ts');
      const place = { target, s3Endpoint: options.backupS3Endpoint ?? null };
      finish(await backupNow(place, clientFlags(options), openOutput(options.json === true)));
    });
  backup
    .command('list')
    .description('List the backups that are kept somewhere.')
    .argument('TARGET', 'a directory, or s3://BUCKET/PREFIX')
    .option('--backup-s3-endpoint <URL>', s3Endpoint)
    .option('--json', 'print JSON, one backup a line')
    .addHelpText('after', backupHelp.list)
    .action(async (target: string, options) => {
      const { listBackups } = await import('../commands/backup.ts');
      const place = { target, s3Endpoint: options.backupS3Endpoint ?? null };
      finish(await listBackups(place, openOutput(options.json === true)));
    });
  backup
    .command('verify')
    .description('Read a backup, or all that are kept somewhere, and say whether it is good.')
    .argument('TARGET', 'a file, a directory, or s3://BUCKET/PREFIX or an object there')
    .option('--newest', 'of several only the newest')
    .option('--backup-s3-endpoint <URL>', s3Endpoint)
    .option('--json', 'print JSON, one backup a line')
    .addHelpText('after', backupHelp.verify)
    .action(async (target: string, options) => {
      const { verifyBackups } = await import('../commands/backup.ts');
      const place = { target, s3Endpoint: options.backupS3Endpoint ?? null };
      const isNewestOnly = options.newest === true;
      finish(await verifyBackups(place, isNewestOnly, openOutput(options.json === true)));
    });
}
