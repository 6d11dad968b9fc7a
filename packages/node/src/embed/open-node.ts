import { resolve } from 'node:path';
import { type Address, formatAddress, type Logger } from '@quorate/base';
import {
  type ClusterDescription,
  describeCluster,
  type HostStorage,
  memoryStorage,
  ownerOf,
} from '@quorate/host';
import type { SessionResult } from '@quorate/runtime';
import type { NodeId } from '@quorate/schema';
import { checksum, systemCrypto } from '../computation.ts';
import { createFileSystem } from '../disk/file-system.ts';
import { clusterIdOf, groupIdOf } from '../ids.ts';
import type { OpenedMember } from '../member.ts';
import { createNetwork } from '../network/network.ts';
import { NodeError } from '../node-error.ts';
import { createLogger } from '../observe/logger.ts';
import { defaultLog, openMember } from '../open-member.ts';
import { createClock } from '../time/clock.ts';
import { timers } from '../time/timers.ts';
import { RunningGroup } from './group.ts';
import { IdWatch } from './id-watch.ts';
import { type PreparedMachine, prepareMachine } from './machine-forms.ts';
import type { GroupSources, NodeOptions, QuorateNode } from './node.ts';
import { type ParsedOptions, parseNodeOptions } from './node-options.ts';
import { refuseOption } from './refuse-option.ts';
import { RunningNode } from './running-node.ts';

/** Which cluster this node is of, and whom it founds it with. */
interface Origin {
  readonly clusterId: string;
  /** Null: not known here. */
  readonly clusterName: string | null;
  readonly members: ReadonlyMap<NodeId, Address>;
  readonly founds: boolean;
}

/**
 * Opens one node of a cluster on this machine, with state machines of your own.
 *
 * Founders (`peers`) and nodes that were here before are open once they have recovered their log
 * and listen; they may not know a leader yet, and proposals wait for one. A node that joins is open
 * once every group has taken it in; it catches up, and is promoted, in the background.
 *
 * ```ts
 * await using node = await openNode({
 *   id: 1,
 *   dataDir: './data/1',
 *   listen: '127.0.0.1:7001',
 *   peers: { 1: '127.0.0.1:7001', 2: '127.0.0.1:7002', 3: '127.0.0.1:7003' },
 *   groups: { counter: () => new Counter() },
 * });
 * const { result } = await node.group('counter').propose({ add: 1 });
 * ```
 *
 * @throws NodeError NODE_OPTIONS_INVALID, NODE_LISTEN_FAILED
 * @throws HostError HOST_CLUSTER_UNREACHABLE, HOST_REQUEST_REFUSED when it cannot join
 * @throws StorageError STORAGE_LOCKED, STORAGE_FOREIGN_DIRECTORY, and when the log is damaged; see
 *   docs/reference/errors.md
 */
export async function openNode<const Groups extends GroupSources>(
  options: NodeOptions<Groups>,
): Promise<QuorateNode<Groups>> {
  const parsed = parseNodeOptions(options);
  const logger = createLogger(options.log ?? defaultLog);
  warnOfAddresses(parsed, options, logger);
  const clock = createClock();
  const origin = await originOf(options, parsed, logger);
  const machines = new Map<string, PreparedMachine>();
  for (const [name, source] of Object.entries(options.groups)) {
    const checked = options.checked === true;
    const prepared = { clock, checksum, checked, name, logger: logger.child({ group: name }) };
    machines.set(name, prepareMachine(source, prepared));
  }
  const member = await open(options, parsed, origin, machines);
  const addresses = new Map(
    [...origin.members].map(([id, address]) => [id, formatAddress(address)] as const),
  );
  const groups = new Map<string, RunningGroup>();
  for (const [name, machine] of machines) {
    const { timeoutMs } = parsed;
    const id = groupIdOf(name);
    const { host } = member;
    const replica = host.group<SessionResult<unknown>>(id);
    const parts = { name, id, replica, host, machine, clock, timers, timeoutMs, addresses };
    groups.set(name, new RunningGroup(parts));
  }
  const ids = new Map([...machines.keys()].map((name) => [name, groupIdOf(name)] as const));
  const idWatch = new IdWatch({ host: member.host, groups: ids, timers, logger });
  const node = new RunningNode<Groups>(member, groups, idWatch);
  try {
    if (!origin.founds) await joinAll(options, parsed, member);
  } catch (error) {
    await node.close();
    throw error;
  }
  return node;
}

/** A directory that has an owner knows its cluster; else this node founds one, or joins one. */
async function originOf(
  options: NodeOptions,
  { founders, join, cluster, advertise, timeoutMs }: ParsedOptions,
  logger: Logger,
): Promise<Origin> {
  const { id, dataDir } = options;
  if (founders !== null) {
    const clusterId = clusterIdOf(cluster, founders.keys());
    return { clusterId, clusterName: cluster, members: founders, founds: true };
  }
  const members = new Map([[id, advertise]]);
  const owner = typeof dataDir === 'string' ? await recordedOwner(dataDir) : null;
  if (owner !== null) {
    const clusterName = options.cluster ?? null;
    return { clusterId: owner.clusterId, clusterName, members, founds: false };
  }
  if (join.length === 0) {
    const fix =
      'give peers to found a cluster, or join with the address of any member of a running one';
    const message = `options peers and join are missing, and dataDir is new: ${fix}`;
    throw new NodeError('NODE_OPTIONS_INVALID', message, { field: 'peers', fix });
  }
  const network = (options.network ?? createNetwork)(logger);
  const ports = { network, timers, clock: createClock(), checksum };
  const found = await new Promise<ClusterDescription>((fulfil, reject) => {
    describeCluster(ports, join, timeoutMs, (error, description) => {
      if (description === null) reject(error);
      else fulfil(description);
    });
  });
  const { clusterId, clusterName = null } = found;
  checkClusterName(options.cluster, clusterName);
  return { clusterId, clusterName: clusterName ?? options.cluster ?? null, members, founds: false };
}

/** It may be as meant, behind a proxy; more often the node is not where its peers look for it. */
function warnOfAddresses(
  { listen, advertise, founders }: ParsedOptions,
  options: NodeOptions,
  logger: Logger,
): void {
  const own = founders?.get(options.id);
  if (own === undefined) return;
  const isElsewhere =
    options.advertise === undefined
      ? listen.port !== 0 && own.port !== 0 && listen.port !== own.port
      : formatAddress(advertise) !== formatAddress(own);
  if (!isElsewhere) return;
  logger.warn('peers look for this node at another address than its own', {
    peers: formatAddress(own),
    listen: formatAddress(listen),
    advice: `see that connections to the first reach the second, or mend peers[${options.id}]`,
  });
}

/** Who means another cluster must not find itself in this one. */
export function checkClusterName(given: string | undefined, found: string | null): void {
  if (given === undefined || found === null || given === found) return;
  const problem = `is '${given}', and that of the members is '${found}'`;
  refuseOption('cluster', problem, 'give theirs, or the addresses of the cluster that is meant');
}

/** Null for a directory that is nobody's yet. */
export async function recordedOwner(dataDir: string): Promise<ReturnType<typeof ownerOf>> {
  const fileSystem = createFileSystem(process.cwd());
  try {
    return ownerOf(fileSystem, resolve(dataDir));
  } finally {
    await fileSystem.dispose();
  }
}

function open(
  options: NodeOptions,
  { listen }: ParsedOptions,
  origin: Origin,
  machines: ReadonlyMap<string, PreparedMachine>,
): Promise<OpenedMember> {
  const { id, dataDir, network, tuning, log, onHalt } = options;
  const names = [...machines.keys()];
  const nobody = Object.fromEntries(names.map((name) => [name, []]));
  const storage = storageOf(options);
  return openMember({
    nodeId: id,
    clusterId: origin.clusterId,
    ...(origin.clusterName === null ? {} : { clusterName: origin.clusterName }),
    dataDirectory: dataDir,
    listen,
    members: origin.members,
    groups: Object.fromEntries([...machines].map(([name, one]) => [name, one.replicated])),
    admitsNodes: options.admit ?? true,
    ...(origin.founds ? {} : { voters: nobody }),
    ...(storage === undefined ? {} : { storage }),
    ...(network === undefined ? {} : { network }),
    ...(tuning === undefined ? {} : { tuning }),
    ...(log === undefined ? {} : { log }),
    ...(onHalt === undefined ? {} : { onHalt }),
  });
}

function storageOf({ dataDir, storage }: NodeOptions): HostStorage | undefined {
  if (storage !== undefined || dataDir !== null) return storage;
  return memoryStorage({ timers, crypto: systemCrypto });
}

/** Groups that this node has no part in yet take it in; the others know it. */
async function joinAll(
  { groups, learner = false, locality = '' }: NodeOptions,
  { join, timeoutMs }: ParsedOptions,
  { host, nodeId }: OpenedMember,
): Promise<void> {
  const wishes = { promote: !learner, locality, contacts: join };
  for (const id of Object.keys(groups).map(groupIdOf)) {
    const { voters, learners, votersOutgoing } = host.group(id).status().configuration;
    if ([...voters, ...learners, ...votersOutgoing].includes(nodeId)) continue;
    await new Promise<void>((fulfil, reject) => {
      host.join(id, wishes, timeoutMs, (error) => {
        if (error === null) fulfil();
        else reject(error);
      });
    });
  }
}
