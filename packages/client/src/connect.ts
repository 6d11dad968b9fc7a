import { assert } from '@quorate/base';
import type { Auth } from './auth/auth.ts';
import { AuthCalls } from './auth/auth-calls.ts';
import { Caller } from './calls/caller.ts';
import { Endpoints } from './calls/endpoints.ts';
import { LeaderSearch } from './calls/leader-search.ts';
import { methods } from './calls/methods.ts';
import type { ClientOptions, EndpointStatus, QuorateClient } from './client.ts';
import { withDefaultPorts } from './client-ports.ts';
import type { ClientMember, Cluster } from './cluster/cluster.ts';
import { ClusterCalls } from './cluster/cluster-calls.ts';
import { type Election, type ElectionOptions, NamedElection } from './concurrency/election.ts';
import { type Lock, type LockOptions, takeLock } from './concurrency/lock.ts';
import { type BytesLike, type KeyOrRange, wireRange } from './kv/key-range.ts';
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
import { KeyValues } from './kv/key-values.ts';
import type { Txn } from './kv/txn.ts';
import type { Lease } from './lease/lease.ts';
import { LeaseCalls } from './lease/lease-calls.ts';
import { Leases } from './lease/leases.ts';
import { type SnapshotReceiver, type SnapshotSummary, Snapshots } from './maintenance/snapshots.ts';
import type { Maintenance } from './maintenance-calls/maintenance.ts';
import { MaintenanceCalls } from './maintenance-calls/maintenance-calls.ts';
import { parseEndpoint } from './transport/endpoint-address.ts';
import type { Watch, WatchEvent, WatchProgress, WatchSettings } from './watch/watch.ts';
import { Watches } from './watch/watches.ts';

const defaultTimeoutMs = 5000;

class Client implements QuorateClient {
  readonly auth: Auth;
  readonly cluster: Cluster;
  readonly maintenance: Maintenance;
  readonly leases: LeaseCalls;
  readonly #endpoints: Endpoints;
  readonly #caller: Caller;
  readonly #keyValues: KeyValues;
  readonly #watches: Watches;
  readonly #leases: Leases;
  readonly #snapshots: Snapshots;
  readonly #isSecure: boolean;

  constructor(
    endpoints: Endpoints,
    caller: Caller,
    ports: ReturnType<typeof withDefaultPorts>,
    isSecure: boolean,
  ) {
    this.#isSecure = isSecure;
    this.#endpoints = endpoints;
    this.#caller = caller;
    const context = { endpoints, ports, tokens: caller.tokens };
    const addresses = endpoints.all.map(({ address }) => address);
    this.auth = new AuthCalls(caller);
    this.cluster = new ClusterCalls(caller);
    this.maintenance = new MaintenanceCalls({ caller, endpoints: addresses, isSecure });
    this.#keyValues = new KeyValues(caller);
    this.#watches = new Watches(context);
    this.#leases = new Leases(caller, context);
    this.leases = new LeaseCalls(caller, (id) => this.#leases.adopt(id));
    this.#snapshots = new Snapshots(context);
  }

  put(key: BytesLike, value: BytesLike, options?: PutOptions): Promise<PutResult> {
    return this.#keyValues.put(key, value, options);
  }

  get(key: KeyOrRange, options?: GetOptions): Promise<GetResult> {
    return this.#keyValues.get(key, options);
  }

  delete(key: KeyOrRange, options?: DeleteOptions | Uint8Array): Promise<DeleteResult> {
    return this.#keyValues.delete(key, options);
  }

  scan(range: KeyOrRange, options?: ScanOptions): AsyncGenerator<ClientKeyValue> {
    return this.#keyValues.scan(range, options);
  }

  txn(): Txn {
    return this.#keyValues.txn();
  }

  compact(revision: number, options: { readonly physical?: boolean } = {}): Promise<void> {
    return this.#keyValues.compact(revision, options.physical === true);
  }

  watch(
    keys: KeyOrRange,
    settings: WatchSettings & { readonly progress: true },
  ): Watch<WatchEvent | WatchProgress>;
  watch(keys: KeyOrRange, settings?: WatchSettings & { readonly progress?: false }): Watch;
  watch(keys: KeyOrRange, settings: WatchSettings = {}): Watch<WatchEvent | WatchProgress> {
    const { fromRevision = 0, bufferBytes = 0 } = settings;
    assert(Number.isSafeInteger(fromRevision) && fromRevision >= 0, 'a revision counts from 1');
    assert(bufferBytes >= 0, 'a buffer is not less than empty');
    return this.#watches.add(wireRange(keys, settings.prefix), settings);
  }

  lease(ttlSeconds: number): Promise<Lease> {
    return this.#leases.grant(ttlSeconds);
  }

  lock(name: string, options: LockOptions = {}): Promise<Lock> {
    return takeLock(this.#coordination, name, options);
  }

  election(name: string, options: ElectionOptions = {}): Election {
    return new NamedElection(this.#coordination, name, options);
  }

  async status(endpoint: string): Promise<EndpointStatus> {
    const address = parseEndpoint(endpoint, this.#isSecure);
    const answer = await this.#caller.readFrom(address, methods.status, {});
    return {
      endpoint,
      memberId: answer.header?.memberId ?? 0n,
      version: answer.version,
      dbSizeBytes: answer.dbSize,
      leader: answer.leader,
      raftTerm: answer.raftTerm,
      raftIndex: answer.raftIndex,
      raftAppliedIndex: answer.raftAppliedIndex,
    };
  }

  members(): Promise<ClientMember[]> {
    return this.cluster.members();
  }

  snapshot(receive: SnapshotReceiver): Promise<SnapshotSummary> {
    return this.#snapshots.take(receive);
  }

  async close(): Promise<void> {
    this.#snapshots.close();
    this.#watches.close();
    this.#leases.close();
    this.#caller.close();
    this.#endpoints.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #coordination(): { keyValues: KeyValues; watches: Watches; leases: Leases } {
    return { keyValues: this.#keyValues, watches: this.#watches, leases: this.#leases };
  }
}

/**
 * Makes a client; a connection is made when the first call needs one.
 *
 * @throws ClientError CLIENT_ENDPOINT_INVALID, CLIENT_TLS_INVALID
 */
export function connect(options: ClientOptions): QuorateClient {
  assert(options.endpoints.length > 0, 'a client has at least one endpoint');
  const { timeoutMs = defaultTimeoutMs, credentials = null, followLeader = false } = options;
  assert(timeoutMs > 0, 'a client has time for a call');
  const ports = withDefaultPorts(options.ports ?? {}, options.tls ?? {});
  const isSecure = options.tls !== undefined;
  const addresses = options.endpoints.map((endpoint) => parseEndpoint(endpoint, isSecure));
  const endpoints = new Endpoints(addresses, ports.transport);
  const { tracer } = options;
  const traced = tracer === undefined ? {} : { tracer };
  const givesUpEarly = options.timeoutMs === undefined;
  const caller = new Caller({ endpoints, ports, timeoutMs, givesUpEarly, credentials, ...traced });
  if (followLeader) {
    const search = new LeaderSearch(caller, endpoints);
    caller.onTerm = (raftTerm) => search.answered(raftTerm);
  }
  return new Client(endpoints, caller, ports, isSecure);
}
