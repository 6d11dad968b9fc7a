/** What a client is told of one key; 64-bit ids are bigint, revisions are safe integers. */
export interface ClientKeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: bigint;
}

/**
 * How a range is read; left out, one key is read as it is now, reflecting every acknowledged write.
 */
export interface GetOptions {
  /** Exclusive end; empty for one key; one zero byte for all keys from `key` on. */
  readonly rangeEnd?: Uint8Array;
  readonly limit?: number;
  readonly revision?: number;
  /** Answer from the asked node's own state, which may be behind. */
  readonly serializable?: boolean;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
}

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
}

/**
 * Talks to a Quorate (or etcd v3) cluster. Reads move on to the next endpoint when one cannot be
 * reached; a write whose outcome is unknown is never sent again by itself.
 */
export interface QuorateClient extends AsyncDisposable {
  put(key: Uint8Array, value: Uint8Array): Promise<{ revision: number }>;
  get(
    key: Uint8Array,
    options?: GetOptions,
  ): Promise<{ keyValues: ClientKeyValue[]; count: number; more: boolean; revision: number }>;
  delete(key: Uint8Array, rangeEnd?: Uint8Array): Promise<{ deleted: number; revision: number }>;
  /** Asks one endpoint about itself; rejects when it cannot be reached. */
  status(endpoint: string): Promise<EndpointStatus>;
  members(): Promise<ClientMember[]>;
  close(): Promise<void>;
}
