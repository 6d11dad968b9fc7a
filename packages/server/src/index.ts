export type { MemberConfig, QuorateServer, ServerOptions, ServerStatus } from './server.ts';
