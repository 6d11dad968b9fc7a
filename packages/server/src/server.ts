import type { Address } from '@quorate/base';
import type { HostTuning } from '@quorate/host';
import type { LogOptions } from '@quorate/node';
import type { AuthOptions } from './auth/auth-options.ts';

/** A member of the cluster as the configuration names it. */
export interface MemberConfig {
  readonly name: string;
  /** `http://host:port`, at least one; the first is used for the peer link. */
  readonly peerUrls: readonly string[];
}

/** Already validated: whoever builds this has checked each field and named the bad one. */
export interface ServerOptions {
  readonly name: string;
  readonly dataDirectory: string;
  /** Every member of a new cluster, this one included. */
  readonly members: readonly MemberConfig[];
  /** Two clusters with the same members but other tokens are different clusters. */
  readonly clusterToken: string;
  readonly listenPeer: Address;
  /** gRPC, and plain HTTP/1.1 for /metrics, /health and /leader, on the same port. */
  readonly listenClient: readonly Address[];
  readonly advertiseClientUrls: readonly string[];
  /** Of the key-value store, beyond which nothing more is written; 0: none. Default: 2 GiB. */
  readonly quotaBytes?: number;
  readonly tuning?: Partial<HostTuning>;
  /** Users and roles are the cluster's; this is how they are recognized. */
  readonly auth?: AuthOptions;
  readonly log?: LogOptions;
  readonly onHalt?: (error: Error) => void;
}

/**
 * This node's own view. `role` is `leader`, `follower`, `candidate`, `preCandidate`, `learner`,
 * `witness` or `removed`.
 */
export interface ServerStatus {
  readonly memberId: bigint;
  readonly clusterId: bigint;
  readonly name: string;
  readonly role: string;
  readonly term: number;
  /** 0n when unknown. */
  readonly leader: bigint;
  readonly commitIndex: number;
  readonly appliedIndex: number;
}

/** One node of the coordination service. */
export interface QuorateServer extends AsyncDisposable {
  readonly clientAddresses: readonly Address[];
  status(): ServerStatus;
  /** Called when this node learns of another leader (0n: none), once per change. */
  onLeader(listener: (leader: bigint, term: number) => void): void;
  /** Refuses new calls, ends running ones in order, stops the node. Idempotent; within 2 s. */
  close(): Promise<void>;
}
