import { assert } from '@quorate/base';
import { Caller } from './calls/caller.ts';
import { Endpoints } from './calls/endpoints.ts';
import { LeaderSearch } from './calls/leader-search.ts';
import { methods } from './calls/methods.ts';
import type { ClientMember, ClientOptions, EndpointStatus, QuorateClient } from './client.ts';
import { withDefaultPorts } from './client-ports.ts';
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
import { Leases } from './lease/leases.ts';
import { parseEndpoint } from './transport/endpoint-address.ts';
import type { Watch, WatchEvent, WatchProgress, WatchSettings } from './watch/watch.ts';
import { Watches } from './watch/watches.ts';

const defaultTimeoutMs = 5000;

class Client implements QuorateClient {
  readonly #endpoints: Endpoints;
  readonly #caller: Caller;
  readonly #keyValues: KeyValues;
  readonly #watches: Watches;
  readonly #leases: Leases;

  constructor(endpoints: Endpoints, caller: Caller, ports: ReturnType<typeof withDefaultPorts>) {
    this.#endpoints = endpoints;
    this.#caller = caller;
    const context = { endpoints, ports, tokens: caller.tokens };
    this.#keyValues = new KeyValues(caller);
    this.#watches = new Watches(context);
    this.#leases = new Leases(caller, context);
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
    const address = parseEndpoint(endpoint);
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

  async members(): Promise<ClientMember[]> {
    const { members } = await this.#caller.read(methods.memberList, { linearizable: true });
    return members.map(({ ID, name, peerURLs, clientURLs, isLearner }) => {
      return { id: ID, name, peerUrls: peerURLs, clientUrls: clientURLs, isLearner };
    });
  }

  async close(): Promise<void> {
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
 * @throws ClientError CLIENT_ENDPOINT_INVALID
 */
export function connect(options: ClientOptions): QuorateClient {
  assert(options.endpoints.length > 0, 'a client has at least one endpoint');
  const { timeoutMs = defaultTimeoutMs, credentials = null, followLeader = false } = options;
  assert(timeoutMs > 0, 'a client has time for a call');
  const ports = withDefaultPorts(options.ports ?? {});
  const endpoints = new Endpoints(options.endpoints.map(parseEndpoint), ports.transport);
  const caller = new Caller({ endpoints, ports, timeoutMs, credentials });
  if (followLeader) {
    const search = new LeaderSearch(caller, endpoints);
    caller.onTerm = (raftTerm) => search.answered(raftTerm);
  }
  return new Client(endpoints, caller, ports);
}
