import type { QuorateServer, ServerOptions } from '../server.ts';

/** Where those of the coordination service have no meaning for a ledger, they are not here. */
type SharedOption =
  | 'name'
  | 'dataDirectory'
  | 'storage'
  | 'storageThrough'
  | 'network'
  | 'protocolVersions'
  | 'members'
  | 'clusterToken'
  | 'advertiseClientUrls'
  | 'clusterState'
  | 'acceptsAnyToken'
  | 'joinTimeoutMs'
  | 'listenPeer'
  | 'listenClient'
  | 'listenMetrics'
  | 'clientTls'
  | 'peerTls'
  | 'tuning'
  | 'log'
  | 'onHalt'
  | 'onRemoved';

/** Already validated: whoever builds this has checked each field and named the bad one. */
export interface LedgerServerOptions extends Pick<ServerOptions, SharedOption> {
  /** Connections of clients at a time, on all addresses. Left out: as many as are sensible here. */
  readonly maxConnections?: number;
}

/** One node of a ledger. */
export type LedgerServer = QuorateServer;
