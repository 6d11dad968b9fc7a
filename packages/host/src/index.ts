// For library authors: one process of a cluster over any ports, and the repair of its disk.
export type { RepairReport } from '@quorate/storage';
export { repairDataDirectory } from '@quorate/storage';
export type { Host, HostGroup, HostOptions, HostTuning } from './host.ts';
export { HostError, type HostErrorCode, type HostErrorMetadata } from './host-error.ts';
export { openHost } from './open-host.ts';
export { defaultTuning } from './tuning.ts';
