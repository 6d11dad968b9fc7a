import type { ClientCredentials } from './calls/caller.ts';
import type { ClientPorts } from './client-ports.ts';
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
 * One member of the cluster. `name` and `clientUrls` are empty for one that was added and has not
 * started yet.
 */
export interface ClientMember {
  readonly id: bigint;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

/**
 * Endpoints are tried in turn, beginning with the one that answered last; at least one is needed.
 */
export interface ClientOptions {
  /** `host:port` or `http://host:port`. */
  readonly endpoints: readonly string[];
  /** For one call, retries included. Default 5000. */
  readonly timeoutMs?: number;
  /** Who the client is, where the cluster asks for users; where it does not, it does no harm. */
  readonly credentials?: ClientCredentials;
  /** Ask the leader first, if it is among the endpoints: saves the others' forwarding. */
  readonly followLeader?: boolean;
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
  /** Asks one endpoint about itself; rejects when it cannot be reached. */
  status(endpoint: string): Promise<EndpointStatus>;
  members(): Promise<ClientMember[]>;
  /** Ends watches with CLIENT_CLOSED; leases are lost, and end by themselves. Idempotent. */
  close(): Promise<void>;
}
