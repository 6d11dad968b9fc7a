// For library authors: the host opens these three, in this order.
export type { ClaimOptions, DataDirectory, DirectoryOwner } from './identity/data-directory.ts';
export { claimDataDirectory, ownerOf } from './identity/data-directory.ts';
export type { MemoryLogStore, MemoryLogStoreOptions } from './memory/memory-log-store.ts';
export { createMemoryLogStore } from './memory/memory-log-store.ts';
export type { MemorySnapshotStoreOptions } from './memory/memory-snapshot-store.ts';
export { createMemorySnapshotStore } from './memory/memory-snapshot-store.ts';
export type { Damage } from './repair/log-survey.ts';
export type { RepairOptions, RepairReport } from './repair/repair-data-directory.ts';
export { repairDataDirectory } from './repair/repair-data-directory.ts';
export type { GroupRepair } from './repair/repair-plan.ts';
export type { StoppedNode, StoppedNodeOptions } from './repair/stopped-node.ts';
export { holdStoppedNode } from './repair/stopped-node.ts';
export type { SnapshotStoreOptions } from './snapshot/snapshot-files.ts';
export { openSnapshotStore } from './snapshot/snapshot-files.ts';
export type { StorageErrorCode, StorageErrorMetadata } from './storage-error.ts';
export { StorageError } from './storage-error.ts';
export type { WriteAheadLogOptions } from './wal/write-ahead-log.ts';
export { openWriteAheadLog } from './wal/write-ahead-log.ts';
