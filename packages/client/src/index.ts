// For users: talk to a cluster.
export type {
  ClientKeyValue,
  ClientMember,
  ClientOptions,
  EndpointStatus,
  GetOptions,
  QuorateClient,
} from './client.ts';
export type { ClientErrorCode, ClientErrorMetadata } from './client-error.ts';
export { ClientError } from './client-error.ts';
export { connect } from './connect.ts';
