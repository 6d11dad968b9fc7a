// For users: one node of the coordination service.
export type { RepairReport } from '@quorate/node';
export type { AuthOptions } from './auth/auth-options.ts';
export type { ServerErrorCode, ServerErrorMetadata } from './core/index.ts';
export { ServerError } from './core/index.ts';
export { repairServer } from './repair-server.ts';
export type { MemberConfig, QuorateServer, ServerOptions, ServerStatus } from './server.ts';
export { startServer } from './start-server.ts';
