import type { BackupFile } from './backup-name.ts';

/** How many backups stay, or those of how long. */
export type Retention =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'age'; readonly ageMs: number };

/**
 * @param backups of one cluster, the oldest first
 * @param good the one that was verified last: it stays whatever its age
 * @returns what may go
 */
export function superfluous(
  backups: readonly BackupFile[],
  retention: Retention,
  good: string,
  nowMs: number,
): readonly BackupFile[] {
  const old =
    retention.kind === 'count'
      ? backups.slice(0, Math.max(0, backups.length - retention.count))
      : backups.filter(({ atMs }) => nowMs - atMs > retention.ageMs);
  return old.filter(({ name }) => name !== good);
}
