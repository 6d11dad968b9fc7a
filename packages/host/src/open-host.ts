import { assert, formatAddress, Prng } from '@quorate/base';
import type { InitialState, LogStore, SnapshotStore } from '@quorate/raft';
import { bootstrapState } from '@quorate/raft';
import { haltedError, Runtime } from '@quorate/runtime';
import { type GroupId, majorityConfiguration, type NodeId } from '@quorate/schema';
import {
  claimDataDirectory,
  machinesDirectory,
  openSnapshotStore,
  openWriteAheadLog,
} from '@quorate/storage';
import { createPeerLinks, type EnquiryHandler } from '@quorate/transport';
import { ClusterDesk } from './enquiries/cluster-desk.ts';
import { createEnquiryMetrics } from './enquiries/enquiry-metrics.ts';
import { ReachDesk } from './enquiries/reach-desk.ts';
import { isReachRequest } from './enquiries/reach-messages.ts';
import { FeedDesk, groupOrigin } from './feed/feed-desk.ts';
import { isFeedRequest } from './feed/feed-messages.ts';
import type { Host, HostGroup, HostOptions, HostTuning } from './host.ts';
import { HostError } from './host-error.ts';
import { addressKnown, RunningHost } from './running-host.ts';
import { resolveTuning } from './tuning.ts';

/** Of a snapshot's content in one message, as state machines may give it; of forwarded commands. */
const maxChunkBytes = 1024 * 1024;

/** What a host writes to, and which life of it this is. */
interface Stores {
  readonly logStore: LogStore;
  readonly snapshotStore: SnapshotStore;
  readonly incarnation: number;
  readonly release: () => void;
}

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
  let stores: Stores | null = null;
  let isOpening = true;
  const tell = (error: Error | null, host: Host | null): void => {
    if (isOpening) done(error, host);
    isOpening = false;
  };
  try {
    checkOptions(options);
    // Before anything on the disk is touched.
    const tuning = resolveTuning(options.tuning ?? {});
    const opening = openStores(options, tuning);
    stores = { ...opening, ...options.storageThrough?.(opening) };
    const opened: RunningHost = assemble(options, tuning, stores, (error) => {
      // The lock outlives the last write under way.
      opened.end(haltedError(error), () => tell(error, null));
      if (!isOpening) options.onHalt(error);
    });
    opened.runtime.start((error) => {
      if (error === null) tell(null, opened);
      else opened.close(() => tell(error, null));
    });
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error));
    if (stores === null) {
      options.ports.timers.defer(() => tell(failure, null));
    } else {
      const { logStore, release } = stores;
      logStore.close(() => {
        closeMachines(options.groups, release, () => tell(failure, null));
      });
    }
  }
}

function checkOptions(options: HostOptions): void {
  const { nodeId, members, groups, clusterId, dataDirectory, storage } = options;
  if (!/^[0-9a-f]{16}$/.test(clusterId)) {
    // The data directory would otherwise be made that cluster's for good.
    throw invalid('clusterId', `clusterId '${clusterId}' is not 16 hex digits`);
  }
  if (!members.has(nodeId)) {
    throw invalid('members', `members does not name this node, ${nodeId}`);
  }
  if (groups.length === 0 || new Set(groups.map((group) => group.id)).size < groups.length) {
    throw invalid('groups', 'groups needs at least one, each id once');
  }
  if (dataDirectory === null && storage === undefined) {
    throw invalid('dataDirectory', 'there is neither a data directory nor a storage');
  }
}

function invalid(field: string, message: string): HostError {
  return new HostError('HOST_OPTIONS_INVALID', message, { field });
}

function openStores(options: HostOptions, { segmentBytes }: HostTuning): Stores {
  const { ports, dataDirectory: directory, clusterId, nodeId, storage } = options;
  if (directory === null) {
    assert(storage !== undefined, 'options without a directory have a storage');
    return { ...storage, release: () => undefined };
  }
  const { fileSystem, crypto } = ports;
  const claimed = claimDataDirectory({ fileSystem, crypto, directory, clusterId, nodeId });
  const { incarnation } = claimed;
  const release = (): void => claimed.release();
  if (storage !== undefined) return { ...storage, incarnation, release };
  try {
    const logStore = openWriteAheadLog({ ports, directory, incarnation, segmentBytes });
    return {
      logStore,
      snapshotStore: openSnapshotStore({ ports, directory }),
      incarnation,
      release,
    };
  } catch (error) {
    release();
    throw error;
  }
}

function assemble(
  options: HostOptions,
  tuning: HostTuning,
  { logStore, snapshotStore, incarnation, release }: Stores,
  onHalt: (error: Error) => void,
): RunningHost {
  const { ports, nodeId, clusterId, listen, members, groups } = options;
  checkRecovered(logStore, groups);
  // A message holds entries, or one chunk of a snapshot, and a little around them.
  const maxFrameBytes = 4 * Math.max(tuning.maxMessageBytes, tuning.maxCommandBytes, maxChunkBytes);
  const { clusterName = null } = options;
  const desk = new ClusterDesk({
    clusterId,
    clusterName,
    nodeId,
    groups: groups.map(({ id }) => id),
    group: (id) => runtime.group(id),
    addressOf: (id, group) => addressKnown(options, runtime.group(group), id),
    admitsNodes: options.admitsNodes === true,
    own: () => formatAddress(host.own),
    meet: (id, address) => links.setPeer(id, address),
    release: (id, done) => host.outreach.released(id, done),
    probe: (node, group, done) => host.probe(node, group, done),
  });
  const reaches = new ReachDesk((id) => host.outreach.reached(id), maxFrameBytes);
  const feeds = new FeedDesk(
    (id) => {
      if (!groups.some((group) => group.id === id)) return null;
      const handle = runtime.group(id);
      return groupOrigin(handle, (member) => addressKnown(options, handle, member));
    },
    ports.timers,
    ports.clock,
    { maxFollowers: tuning.maxFollowers, self: 0 },
  );
  const links = createPeerLinks({
    ...ports,
    nodeId,
    clusterId,
    incarnation,
    listen,
    peers: members,
    limits: { maxFrameBytes },
    ...(options.protocolVersions === undefined ? {} : { versions: options.protocolVersions }),
    enquired: createEnquiryMetrics(ports.metrics, ports.clock).serving(
      enquiredAt(desk, reaches, feeds),
    ),
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
  addGroups(runtime, logStore, options);
  const released = (done: () => void): void => {
    feeds.close();
    closeMachines(groups, release, done);
  };
  const parts = { runtime, logStore, links, desk, incarnation, release: released };
  const host: RunningHost = new RunningHost(options, tuning, maxFrameBytes, parts);
  return host;
}

function addGroups(
  runtime: Runtime,
  logStore: LogStore,
  { ports, members, groups, dataDirectory }: HostOptions,
): void {
  const prng = new Prng(seedFrom(ports.crypto.randomBytes(6)));
  const founders = [...members.keys()];
  for (const group of groups) {
    const { id, name, stateMachine, voters = founders, service } = group;
    if (dataDirectory !== null) openMachine(ports, dataDirectory, group);
    const initial = initialState(logStore, id, ascending(voters));
    const { term } = initial.hardState;
    const lastIndex = initial.entries.at(-1)?.index ?? initial.snapshot.index;
    ports.logger.info('group recovered', { group: name, term, lastIndex });
    const seed = Math.floor(prng.float() * 2 ** 53);
    // What has a service is reached where it is: nobody needs what is left of it here.
    runtime.addGroup({ id, name, stateMachine, initial, seed, mayPark: service !== undefined });
  }
}

/** A state machine that keeps files of its own is given a directory for them. */
function openMachine(
  ports: HostOptions['ports'],
  dataDirectory: string,
  { id, stateMachine }: HostGroup,
): void {
  const { checkpoints } = stateMachine;
  if (checkpoints === undefined) return;
  const { blocking } = ports.fileSystem;
  const machines = machinesDirectory(dataDirectory);
  const directory = `${machines}/${id}`;
  blocking.makeDirectory(directory);
  blocking.syncDirectory(machines);
  blocking.syncDirectory(dataDirectory);
  checkpoints.open({ ports, directory });
}

/** The directory is released when nothing is written there any more. */
function closeMachines(groups: readonly HostGroup[], release: () => void, done: () => void): void {
  let waiting = 1;
  const closed = (): void => {
    if (--waiting > 0) return;
    release();
    done();
  };
  for (const { stateMachine } of groups) {
    if (stateMachine.checkpoints === undefined) continue;
    waiting++;
    stateMachine.checkpoints.close(closed);
  }
  closed();
}

function enquiredAt(desk: ClusterDesk, reaches: ReachDesk, feeds: FeedDesk): EnquiryHandler {
  return (request, answer) => {
    if (isFeedRequest(request)) feeds.handle(request, answer);
    else if (isReachRequest(request)) reaches.handle(request, answer);
    else desk.handle(request, answer);
  };
}

function ascending(ids: readonly NodeId[]): NodeId[] {
  return [...ids].sort((a, b) => a - b);
}

function checkRecovered(logStore: LogStore, groups: readonly HostGroup[]): void {
  for (const group of logStore.recovered.keys()) {
    if (groups.some(({ id }) => id === group)) continue;
    const given = groups.map(({ name }) => `'${name}'`).join(', ');
    throw new HostError(
      'HOST_GROUP_UNKNOWN',
      `the data directory holds a group (id ${group}) whose name is none of those given, ` +
        `${given}: ` +
        'open it with every group it had before, each under the name it had; names stay',
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
