import type { Address } from '@quorate/base';
import type { CloseOptions, ServerOptions, ServerStatus } from '../server.ts';

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
  | 'listenPeer'
  | 'listenClient'
  | 'listenMetrics'
  | 'clientTls'
  | 'peerTls'
  | 'advertiseClientUrls'
  | 'tuning'
  | 'log'
  | 'onHalt';

/** Already validated: whoever builds this has checked each field and named the bad one. */
export interface LedgerServerOptions extends Pick<ServerOptions, SharedOption> {
  /** Connections of clients at a time, on all addresses. Left out: as many as are sensible here. */
  readonly maxConnections?: number;
}

/** One node of a ledger. */
export interface LedgerServer extends AsyncDisposable {
  readonly clientAddresses: readonly Address[];
  status(): ServerStatus;
  /**
   * Says that it is not ready, hands its lead over, refuses new calls, ends running ones in order,
   * stops the node. Idempotent; within about 2 s.
   */
  close(options?: CloseOptions): Promise<void>;
}
