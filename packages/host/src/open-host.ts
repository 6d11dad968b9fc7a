import { Prng } from '@quorate/base';
import type { InitialState, LogStore } from '@quorate/raft';
import { bootstrapState } from '@quorate/raft';
import type { GroupHandle } from '@quorate/runtime';
import { Runtime } from '@quorate/runtime';
import { type GroupId, majorityConfiguration } from '@quorate/schema';
import {
  claimDataDirectory,
  type DataDirectory,
  openSnapshotStore,
  openWriteAheadLog,
} from '@quorate/storage';
import { createPeerLinks, type ListeningPeerLinks } from '@quorate/transport';
import type { Host, HostGroup, HostOptions, HostTuning } from './host.ts';
import { HostError } from './host-error.ts';
import { resolveTuning } from './tuning.ts';

/** Of a snapshot's content in one message, as state machines may give it; of forwarded commands. */
const maxChunkBytes = 1024 * 1024;

/**
 * Opens one process of a cluster: takes the data directory, recovers the log, listens for peers and
 * begins to take part. On failure nothing is left open and nothing on the disk was lost.
 *
 * @param done gets the host, or a StorageError, TransportError or HostError that says what to do
 */
export function openHost(
  options: HostOptions,
  done: (error: Error | null, host: Host | null) => void,
): void {
  let claimed: DataDirectory | null = null;
  let logStore: LogStore | null = null;
  let isOpening = true;
  const tell = (error: Error | null, host: Host | null): void => {
    if (isOpening) done(error, host);
    isOpening = false;
  };
  try {
    checkOptions(options);
    // Before anything on the disk is touched.
    const tuning = resolveTuning(options.tuning ?? {});
    claimed = claim(options);
    logStore = openLog(options, tuning, claimed);
    const opened: OpenHost = assemble(options, tuning, claimed, logStore, (error) => {
      // The lock outlives the last write under way.
      opened.close(() => tell(error, null));
      if (!isOpening) options.onHalt(error);
    });
    opened.runtime.start((error) => {
      if (error === null) tell(null, opened);
      else opened.close(() => tell(error, null));
    });
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error));
    const finish = (): void => {
      claimed?.release();
      tell(failure, null);
    };
    if (logStore === null) options.ports.timers.defer(finish);
    else logStore.close(finish);
  }
}

function checkOptions({ nodeId, members, groups, clusterId }: HostOptions): void {
  if (!/^[0-9a-f]{16}$/.test(clusterId)) {
    // The data directory would otherwise be made that cluster's for good.
    throw new HostError('HOST_OPTIONS_INVALID', `clusterId '${clusterId}' is not 16 hex digits`, {
      field: 'clusterId',
    });
  }
  if (!members.has(nodeId)) {
    throw new HostError('HOST_OPTIONS_INVALID', `members does not name this node, ${nodeId}`, {
      field: 'members',
    });
  }
  if (groups.length === 0 || new Set(groups.map((group) => group.id)).size < groups.length) {
    throw new HostError('HOST_OPTIONS_INVALID', 'groups needs at least one, each id once', {
      field: 'groups',
    });
  }
}

function claim(options: HostOptions): DataDirectory {
  const { ports, dataDirectory: directory, clusterId, nodeId } = options;
  const { fileSystem, crypto } = ports;
  return claimDataDirectory({ fileSystem, crypto, directory, clusterId, nodeId });
}

function openLog(options: HostOptions, tuning: HostTuning, claimed: DataDirectory): LogStore {
  const { ports, dataDirectory: directory } = options;
  const { segmentBytes } = tuning;
  return openWriteAheadLog({ ports, directory, incarnation: claimed.incarnation, segmentBytes });
}

function assemble(
  options: HostOptions,
  tuning: HostTuning,
  claimed: DataDirectory,
  logStore: LogStore,
  onHalt: (error: Error) => void,
): OpenHost {
  const { ports, nodeId, clusterId, dataDirectory: directory } = options;
  const { listen, members, groups } = options;
  const { incarnation } = claimed;
  checkRecovered(logStore, groups);
  const snapshotStore = openSnapshotStore({ ports, directory });
  const links = createPeerLinks({
    ...ports,
    nodeId,
    clusterId,
    incarnation,
    listen,
    peers: members,
    // A message holds entries, or one chunk of a snapshot, and a little around them.
    limits: {
      maxFrameBytes: 4 * Math.max(tuning.maxMessageBytes, tuning.maxCommandBytes, maxChunkBytes),
    },
  });
  const runtime = new Runtime({
    ports,
    nodeId,
    incarnation,
    logStore,
    snapshotStore,
    links: options.linksThrough?.(links) ?? links,
    tuning,
    ...(options.observer === undefined ? {} : { observer: options.observer }),
    onHalt,
  });
  const prng = new Prng(seedFrom(ports.crypto.randomBytes(6)));
  const voters = [...members.keys()].sort((a, b) => a - b);
  for (const { id, name, stateMachine } of groups) {
    const initial = initialState(logStore, id, voters);
    const { term } = initial.hardState;
    const lastIndex = initial.entries.at(-1)?.index ?? initial.snapshot.index;
    ports.logger.info('group recovered', { group: name, term, lastIndex });
    const seed = Math.floor(prng.float() * 2 ** 53);
    runtime.addGroup({ id, name, stateMachine, initial, seed });
  }
  return new OpenHost(options, runtime, links, claimed);
}

function checkRecovered(logStore: LogStore, groups: readonly HostGroup[]): void {
  for (const group of logStore.recovered.keys()) {
    if (groups.some(({ id }) => id === group)) continue;
    throw new HostError(
      'HOST_GROUP_UNKNOWN',
      `the data directory holds group ${group}, which this node was not given: ` +
        'open it with every group it had before',
      { group },
    );
  }
}

function initialState(logStore: LogStore, group: GroupId, voters: readonly number[]): InitialState {
  const recovered = logStore.recovered.get(group);
  if (recovered === undefined || recovered.snapshot === null) {
    return bootstrapState(majorityConfiguration(voters));
  }
  const { hardState, snapshot, logStart, entries, repairUntil } = recovered;
  return { hardState, snapshot, logStart, entries, bootstrap: false, repairUntil };
}

function seedFrom(bytes: Uint8Array): number {
  let seed = 0;
  for (const byte of bytes) seed = seed * 256 + byte;
  return seed;
}

class OpenHost implements Host {
  readonly runtime: Runtime;
  readonly #options: HostOptions;
  readonly #links: ListeningPeerLinks;
  readonly #claimed: DataDirectory;
  readonly #waitingForClose: (() => void)[] = [];
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(
    options: HostOptions,
    runtime: Runtime,
    links: ListeningPeerLinks,
    claimed: DataDirectory,
  ) {
    this.#options = options;
    this.runtime = runtime;
    this.#links = links;
    this.#claimed = claimed;
  }

  get nodeId(): Host['nodeId'] {
    return this.#options.nodeId;
  }

  get address(): Host['address'] {
    return this.#links.address ?? this.#options.listen;
  }

  group<Result>(id: GroupId): GroupHandle<Result> {
    // Whoever opened the host gave the state machine whose results these are.
    return this.runtime.group(id) as GroupHandle<Result>;
  }

  close(done: () => void): void {
    if (this.#state === 'closed') {
      done();
      return;
    }
    this.#waitingForClose.push(done);
    if (this.#state === 'closing') return;
    this.#state = 'closing';
    this.runtime.stop(() => {
      this.#state = 'closed';
      this.#claimed.release();
      for (const callback of this.#waitingForClose) callback();
    });
  }
}
