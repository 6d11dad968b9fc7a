import type { Auth } from './auth/auth.ts';
import type { ClientTracer } from './calls/call-trace.ts';
import type { ClientCredentials } from './calls/caller.ts';
import type { ClientPorts } from './client-ports.ts';
import type { ClientMember, Cluster } from './cluster/cluster.ts';
import type { Election, ElectionOptions } from './concurrency/election.ts';
import type { Lock, LockOptions } from './concurrency/lock.ts';
import type { BytesLike, KeyOrRange } from './kv/key-range.ts';
import type {
  ClientKeyValue,
  DeleteOptions,
  DeleteResult,
  GetOptions,
  GetResult,
  PutOptions,
  PutResult,
  ScanOptions,
} from './kv/key-value.ts';
import type { Txn } from './kv/txn.ts';
import type { Lease } from './lease/lease.ts';
import type { LeaseCalls } from './lease/lease-calls.ts';
import type { SnapshotReceiver, SnapshotSummary } from './maintenance/snapshots.ts';
import type { Maintenance } from './maintenance-calls/maintenance.ts';
import type { ClientTls } from './transport/client-tls.ts';
import type { Watch, WatchEvent, WatchProgress, WatchSettings } from './watch/watch.ts';

/**
 * One endpoint's own view: `leader` is 0n while it knows none, and indexes of several endpoints are
 * of different moments. `dbSizeBytes` is what the store takes in memory, about.
 */
export interface EndpointStatus {
  readonly endpoint: string;
  readonly memberId: bigint;
  readonly version: string;
  readonly dbSizeBytes: number;
  readonly leader: bigint;
  readonly raftTerm: number;
  readonly raftIndex: number;
  readonly raftAppliedIndex: number;
}

/**
 * Endpoints are tried in turn, beginning with the one that answered last; at least one is needed.
 */
export interface ClientOptions {
  /** `host:port`, `http://host:port` or `https://host:port`; the first is by TLS with `tls`. */
  readonly endpoints: readonly string[];
  /**
   * For one call, retries included. Default 5000; then calls of a client that has never reached
   * anybody give up earlier.
   */
  readonly timeoutMs?: number;
  /** Who the client is, where the cluster asks for users; where it does not, it does no harm. */
  readonly credentials?: ClientCredentials;
  /** For endpoints with TLS; `http://` is refused beside it. */
  readonly tls?: ClientTls;
  /** Ask the leader first, if it is among the endpoints: saves the others' forwarding. */
  readonly followLeader?: boolean;
  /** OpenTelemetry's: a span for each call, under the one that is active when it begins. */
  readonly tracer?: ClientTracer;
  /** Another transport, clock or timers; for tests. */
  readonly ports?: Partial<ClientPorts>;
}

/**
 * Talks to a Quorate (or etcd v3) cluster.
 *
 * Calls are tried again, at other endpoints and with pauses, until `timeoutMs` is over, whenever
 * that does no harm: always for reads, and for writes only after a server has said that it took
 * nothing in. A write whose outcome is unknown rejects with CLIENT_OUTCOME_UNKNOWN. Watches and
 * leases go on through lost connections without a limit of time.
 */
export interface QuorateClient extends AsyncDisposable {
  put(key: BytesLike, value: BytesLike, options?: PutOptions): Promise<PutResult>;
  get(key: KeyOrRange, options?: GetOptions): Promise<GetResult>;
  /** @param options or the exclusive end of the range that begins with `key` */
  delete(key: KeyOrRange, options?: DeleteOptions | Uint8Array): Promise<DeleteResult>;
  /** A range in pages, in the order of the keys, all of one revision, however long it takes. */
  scan(range: KeyOrRange, options?: ScanOptions): AsyncGenerator<ClientKeyValue>;
  /** A transaction to be put together: `txn().when(...).do(...).otherwise(...).commit()`. */
  txn(): Txn;
  /**
   * Forgets what was before `revision`; also fulfilled when that was forgotten already.
   *
   * @param options.physical wait until the space is free
   */
  compact(revision: number, options?: { readonly physical?: boolean }): Promise<void>;
  /** Tells of every change of these keys, each once and in order. */
  watch(
    keys: KeyOrRange,
    settings: WatchSettings & { readonly progress: true },
  ): Watch<WatchEvent | WatchProgress>;
  watch(keys: KeyOrRange, settings?: WatchSettings & { readonly progress?: false }): Watch;
  /**
   * Grants a lease and keeps it alive.
   *
   * @param ttlSeconds whole; a server may raise it
   */
  lease(ttlSeconds: number): Promise<Lease>;
  /** Waits until nobody else holds this lock, and takes it. */
  lock(name: string, options?: LockOptions): Promise<Lock>;
  election(name: string, options?: ElectionOptions): Election;
  /** Users and roles. */
  readonly auth: Auth;
  /** Members, and changes of them. */
  readonly cluster: Cluster;
  /** Alarms, hashes, the lead: what operators ask. */
  readonly maintenance: Maintenance;
  /** Leases that this client does not keep alive. */
  readonly leases: LeaseCalls;
  /** Asks one endpoint about itself; rejects when it cannot be reached. */
  status(endpoint: string): Promise<EndpointStatus>;
  members(): Promise<ClientMember[]>;
  /**
   * Gets all that can be read, as one file: a database of etcd, and its SHA-256. It is whole only
   * when this is fulfilled. No limit of time holds for it.
   */
  snapshot(receive: SnapshotReceiver): Promise<SnapshotSummary>;
  /** Ends watches with CLIENT_CLOSED; leases are lost, and end by themselves. Idempotent. */
  close(): Promise<void>;
}
