import { type BackupTarget, DirectoryTarget } from '@quorate/server';
import { CliError } from '../cli-error.ts';

const s3 = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/;

/**
 * @param place a directory, or s3://BUCKET/PREFIX
 * @param s3Endpoint of a service that is not Amazon's; null: as the environment says
 * @throws CliError CLI_BACKUP_FAILED
 */
export async function openTarget(place: string, s3Endpoint: string | null): Promise<BackupTarget> {
  if (!place.startsWith('s3:')) return new DirectoryTarget(place);
  const [, bucket, prefix = ''] = s3.exec(place) ?? [];
  if (bucket === undefined) {
    const message = `${place} is no place in a bucket; write s3://BUCKET or s3://BUCKET/PREFIX`;
    throw new CliError('CLI_BACKUP_FAILED', message, { cause: null });
  }
  // Here, not at the top: it takes as long to load as all the rest together.
  const { S3Target } = await import('./s3-target.ts');
  return new S3Target({ bucket, prefix: prefix.replace(/\/+$/, ''), endpoint: s3Endpoint });
}
