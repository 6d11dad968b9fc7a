import type { Tracer } from '@opentelemetry/api';
import type { Address } from '@quorate/base';
import type { HostTuning } from '@quorate/host';
import type { LogOptions, MemberOptions } from '@quorate/node';
import type { ApiOptions } from './api-options.ts';
import type { AuthOptions } from './auth/auth-options.ts';
import type { BackupOptions } from './backup/backup-schedule.ts';
import type { ClientListener, ClientTlsOptions, PeerTlsOptions } from './tls/tls-options.ts';

/** A member of the cluster as the configuration names it. */
export interface MemberConfig {
  readonly name: string;
  /** `http://host:port`, at least one; the first is used for the peer link. */
  readonly peerUrls: readonly string[];
}

/** Already validated: whoever builds this has checked each field and named the bad one. */
export interface ServerOptions {
  readonly name: string;
  /** Null: nothing survives the process, and `storage` has to be given. */
  readonly dataDirectory: string | null;
  /** Left out: a log and snapshot files in the data directory. */
  readonly storage?: MemberOptions['storage'];
  /** Puts something between the server and its storage: faults of disks, say. */
  readonly storageThrough?: MemberOptions['storageThrough'];
  /** What peers talk through; left out: TCP. */
  readonly network?: MemberOptions['network'];
  /** Of the peers' protocol; left out: those that this release speaks. */
  readonly protocolVersions?: MemberOptions['protocolVersions'];
  /**
   * Every member of a new cluster, this one included; of one that is there, this one and those that
   * it can ask.
   */
  readonly members: readonly MemberConfig[];
  /** Two clusters with the same members but other tokens are different clusters. */
  readonly clusterToken: string;
  /** A node that joins takes the cluster's token, whatever it is. Default: it must be the same. */
  readonly acceptsAnyToken?: boolean;
  /**
   * Whether a node without data founds the cluster (`new`, the default) or was added to one. One
   * with data is who its data directory says, whatever is written here.
   */
  readonly clusterState?: 'new' | 'existing';
  /** How long a node that was added looks for a member that knows of it. Default: 15 s. */
  readonly joinTimeoutMs?: number;
  /** Whether this node, when it leads, gives learners a vote once they have caught up. */
  readonly autoPromoteLearners?: boolean;
  readonly listenPeer: Address;
  /** gRPC, and plain HTTP/1.1 for /metrics, /health and /leader, on the same port. */
  readonly listenClient: readonly ClientListener[];
  /** Where /metrics and /health are served by themselves, and in the open. */
  readonly listenMetrics?: readonly Address[];
  /** Left out: no address of `listenClient` may be secure. */
  readonly clientTls?: ClientTlsOptions;
  /** Left out: links between nodes are in the open. Not beside `network`. */
  readonly peerTls?: PeerTlsOptions;
  readonly advertiseClientUrls: readonly string[];
  /** Of the key-value store, beyond which nothing more is written; 0: none. Default: 2 GiB. */
  readonly quotaBytes?: number;
  /** Left out: nobody makes backups. */
  readonly backup?: BackupOptions;
  readonly tuning?: Partial<HostTuning>;
  readonly api?: ApiOptions;
  /** Users and roles are the cluster's; this is how they are recognized. */
  readonly auth?: AuthOptions;
  readonly log?: LogOptions;
  /** OpenTelemetry's; left out, nothing is traced. It is the caller's to flush and close. */
  readonly tracer?: Tracer;
  readonly onHalt?: (error: Error) => void;
  /** The member was removed from its cluster, and this server has closed itself for that. */
  readonly onRemoved?: () => void;
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

/** How a server ends; left out: as `close` says. */
export interface CloseOptions {
  /** As the end of the process would: connections break, and nothing is handed over. */
  readonly abrupt?: boolean;
  /** Why it ends, for the log. */
  readonly reason?: string;
}

/** One node of the coordination service. */
export interface QuorateServer extends AsyncDisposable {
  readonly clientAddresses: readonly Address[];
  status(): ServerStatus;
  /** Called when this node learns of another leader (0n: none), once per change. */
  onLeader(listener: (leader: bigint, term: number) => void): void;
  /**
   * Hands the lead from this node, which must have it, to another voter.
   *
   * @throws RuntimeError RUNTIME_NOT_LEADER, RUNTIME_TRANSFER_FAILED
   */
  transferLeadership(to: bigint): Promise<void>;
  /**
   * Says that it is not ready, hands its lead over, refuses new calls, ends running ones in order,
   * stops the node. Idempotent; within about 2 s.
   */
  close(options?: CloseOptions): Promise<void>;
}
