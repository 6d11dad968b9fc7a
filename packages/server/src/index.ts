// For users: one node of the coordination service.
export type { RepairReport } from '@quorate/node';
export type { ApiOptions } from './api-options.ts';
export type { AuthOptions } from './auth/auth-options.ts';
export { type BackupFile, backupsAmong } from './backup/backup-name.ts';
export type { BackupOptions } from './backup/backup-schedule.ts';
export type { BackupTarget, StoredFile } from './backup/backup-target.ts';
export { DirectoryTarget } from './backup/directory-target.ts';
export { type BackupSource, type MadeBackup, makeBackup } from './backup/make-backup.ts';
export type { Retention } from './backup/retention.ts';
export type { AutoCompaction, ServerErrorCode, ServerErrorMetadata } from './core/index.ts';
export { ServerError } from './core/index.ts';
export type { LedgerServer, LedgerServerOptions } from './ledger/ledger-server-options.ts';
export { startLedgerServer } from './ledger/start-ledger-server.ts';
export { repairServer } from './repair-server.ts';
export {
  type SnapshotStatus,
  snapshotStatus,
  type VerifiedSnapshot,
  verifySnapshot,
} from './restore/inspect-snapshot.ts';
export {
  type NamedMember,
  type RecoverOptions,
  type RecoveryReport,
  recoverMember,
} from './restore/recover-member.ts';
export type { RecoveredNote } from './restore/recovered-note.ts';
export { type DirectoryDisk, directoryDisk } from './restore/replace-directory.ts';
export {
  type RestoreOptions,
  type RestoreReport,
  restoreSnapshot,
} from './restore/restore-snapshot.ts';
export { type StoppedSave, saveStopped } from './restore/save-stopped.ts';
export type {
  CloseOptions,
  MemberConfig,
  QuorateServer,
  ServerOptions,
  ServerStatus,
} from './server.ts';
export { startServer } from './start-server.ts';
export type { ClientListener, ClientTlsOptions, PeerTlsOptions } from './tls/tls-options.ts';
