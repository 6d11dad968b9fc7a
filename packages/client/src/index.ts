export type {
  ClientKeyValue,
  ClientMember,
  ClientOptions,
  EndpointStatus,
  GetOptions,
  QuorateClient,
} from './client.ts';
