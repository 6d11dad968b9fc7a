import type { StoredFile } from './backup-target.ts';

/** A backup as its name tells of it. */
export interface BackupFile extends StoredFile {
  /** 16 hex digits. */
  readonly clusterId: string;
  readonly revision: number;
  /** When it was begun, by the clock of who made it, in milliseconds since the Unix epoch. */
  readonly atMs: number;
}

const pattern = /^quorate-([0-9a-f]{16})-(\d{8}T\d{6}Z)-r(\d{16})\.db$/;

/** @returns a name that sorts by time among those of its cluster */
export function backupName(clusterId: string, atMs: number, revision: number): string {
  const time = new Date(atMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  return `quorate-${clusterId}-${time}-r${String(revision).padStart(16, '0')}.db`;
}

/** @returns null for a file that is no backup of ours */
export function readBackupName({ name, bytes }: StoredFile): BackupFile | null {
  const [, clusterId, time = '', revision] = pattern.exec(name) ?? [];
  if (clusterId === undefined) return null;
  const iso = time.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const atMs = Date.parse(iso);
  if (Number.isNaN(atMs)) return null;
  return { name, bytes, clusterId, revision: Number(revision), atMs };
}

/** @returns the backups of a cluster, or of any, the oldest first */
export function backupsAmong(
  files: readonly StoredFile[],
  clusterId: string | null,
): readonly BackupFile[] {
  const found = files.flatMap((file) => readBackupName(file) ?? []);
  const wanted = found.filter((file) => clusterId === null || file.clusterId === clusterId);
  return wanted.sort((a, b) => a.atMs - b.atMs || a.revision - b.revision);
}
