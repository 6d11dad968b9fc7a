import { resolve } from 'node:path';
import { type Address, type Clock, formatAddress, type Logger, type Network } from '@quorate/base';
import { type HostStorage, memoryStorage } from '@quorate/host';
import type { NodeId } from '@quorate/schema';
import { checksum, systemCrypto } from '../computation.ts';
import { type MachineShape, type PreparedMachine, prepareMachine } from '../embed/machine-forms.ts';
import { checkClusterName, recordedOwner } from '../embed/open-node.ts';
import { clusterIdOf, groupIdOf } from '../ids.ts';
import type { OpenedMember } from '../member.ts';
import { createNetwork } from '../network/network.ts';
import { createLogger } from '../observe/logger.ts';
import { defaultLog, openMember } from '../open-member.ts';
import { createClock } from '../time/clock.ts';
import { timers } from '../time/timers.ts';
import { initialPlacement } from './initial-placement.ts';
import { checkOtherNodes, compare, describeAt } from './other-nodes.ts';
import { RunningShards } from './running-shards.ts';
import { ShardGroup } from './shard-group.ts';
import { shardNames } from './shard-names.ts';
import { shardService } from './shard-service.ts';
import type { Shards, ShardsOptions } from './shards.ts';
import { type ParsedShards, parseShardsOptions } from './shards-options.ts';
import { checkShardsRecord, writeShardsRecord } from './shards-record.ts';

interface Opening {
  readonly options: ShardsOptions;
  readonly parsed: ParsedShards;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly network: Network;
  /** Of the groups, by shard. */
  readonly names: readonly string[];
}

/**
 * Opens one node of a cluster whose state is divided among `shards.count` groups by the keys of its
 * commands. Every shard is on `shards.replicas` nodes and can be used on all; one log and one
 * connection to each peer serve them all, and those in which nothing happens cost nothing.
 *
 * ```ts
 * await using shards = await openShards({
 *   id: 1,
 *   dataDir: './data/1',
 *   listen: '127.0.0.1:7001',
 *   peers: { 1: '127.0.0.1:7001', 2: '127.0.0.1:7002', 3: '127.0.0.1:7003' },
 *   shards: { count: 16, create: () => new Store() },
 * });
 * await shards.propose('greeting', { put: 'greeting', value: 'hello' });
 * ```
 *
 * Founders (`peers`) hold their share of the shards from the start; a node that comes later
 * (`join`) holds what is moved to it.
 *
 * @throws NodeError NODE_OPTIONS_INVALID, NODE_SHARDS_MISMATCH, NODE_LISTEN_FAILED
 * @throws as `openNode` otherwise
 */
export async function openShards<Machine extends MachineShape>(
  options: ShardsOptions<Machine>,
): Promise<Shards<Machine>> {
  const parsed = parseShardsOptions(options);
  const { dataDir } = options;
  if (typeof dataDir === 'string') checkShardsRecord(resolve(dataDir), parsed);
  const logger = createLogger(options.log ?? defaultLog);
  const network = (options.network ?? createNetwork)(logger);
  const names = shardNames(parsed.count);
  const opening = { options, parsed, logger, clock: createClock(), network, names };
  const clusterId = await clusterOf(opening);
  const machines = names.map((_, shard) => machineOf(opening, shard));
  const { founders, join } = parsed;
  const others = [...(founders ?? [])].filter(([id]) => id !== options.id);
  const addresses = [...others.map(([, address]) => address), ...join];
  // Before anything is written, and again for those that begin at the same moment.
  if (await isNew(dataDir)) await checkOtherNodes({ clusterId, names }, addresses, opening);
  const member = await open(opening, clusterId, machines);
  try {
    if (typeof dataDir === 'string') writeShardsRecord(resolve(dataDir), parsed);
    await checkOtherNodes({ clusterId, names }, addresses, opening);
  } catch (error) {
    await member.close();
    throw error;
  }
  const shards = running(opening, member, machines);
  // Its machines are those that `create` made, whose types these are.
  return shards as unknown as Shards<Machine>;
}

/** A directory that has an owner knows its cluster; else this node founds one, or joins one. */
async function clusterOf({ options, parsed, names, network, clock }: Opening): Promise<string> {
  const { founders, join, cluster, count, replicas, timeoutMs } = parsed;
  if (founders !== null) {
    // Founders that would place shards differently must never meet.
    return clusterIdOf(`${cluster} shards ${count} replicas ${replicas}`, founders.keys());
  }
  const { dataDir } = options;
  const owner = dataDir === null ? null : await recordedOwner(dataDir);
  if (owner !== null) return owner.clusterId;
  const found = await describeAt(join, { network, clock }, timeoutMs);
  const { clusterId } = found;
  checkClusterName(options.cluster, found.clusterName ?? null);
  compare({ clusterId, names }, found, join.map(formatAddress).join(' or '));
  return clusterId;
}

async function isNew(dataDir: string | null): Promise<boolean> {
  return dataDir === null || (await recordedOwner(dataDir)) === null;
}

function machineOf({ options, clock, logger, names }: Opening, shard: number): PreparedMachine {
  const { create } = options.shards;
  const name = names[shard] ?? '';
  const source = (): MachineShape => create(shard);
  const checked = options.checked === true;
  const prepared = { clock, checksum, checked, name, logger: logger.child({ group: name }) };
  return prepareMachine(source, prepared);
}

function open(
  { options, parsed, network, names }: Opening,
  clusterId: string,
  machines: readonly PreparedMachine[],
): Promise<OpenedMember> {
  const { id, dataDir, tuning, log, onHalt } = options;
  const { founders, advertise, listen, join, count, replicas } = parsed;
  const placed = founders === null ? [] : initialPlacement(founders.keys(), count, replicas);
  const storage = storageOf(options);
  const clusterName = founders === null ? options.cluster : parsed.cluster;
  const byName = <Value>(value: (shard: number) => Value): Record<string, Value> =>
    Object.fromEntries(names.map((name, shard) => [name, value(shard)]));
  return openMember({
    nodeId: id,
    clusterId,
    ...(clusterName === undefined ? {} : { clusterName }),
    dataDirectory: dataDir,
    listen,
    members: founders ?? new Map([[id, advertise]]),
    groups: byName((shard) => (machines[shard] as PreparedMachine).replicated),
    // A shard that is elsewhere is held without members: it waits to be moved here.
    voters: byName((shard) => votersHere(placed[shard] ?? [], id)),
    services: byName((shard) => shardService(machines[shard] as PreparedMachine)),
    contacts: join,
    network: () => network,
    ...(storage === undefined ? {} : { storage }),
    ...(tuning === undefined ? {} : { tuning }),
    ...(log === undefined ? {} : { log }),
    ...(onHalt === undefined ? {} : { onHalt }),
  });
}

function votersHere(voters: readonly NodeId[], self: NodeId): readonly NodeId[] {
  return voters.includes(self) ? voters : [];
}

function storageOf({ dataDir, storage }: ShardsOptions): HostStorage | undefined {
  if (storage !== undefined || dataDir !== null) return storage;
  return memoryStorage({ timers, crypto: systemCrypto });
}

function running(
  { options, parsed, clock, names }: Opening,
  member: OpenedMember,
  machines: readonly PreparedMachine[],
): RunningShards {
  const { timeoutMs, replicas, shardOf, founders } = parsed;
  const { host } = member;
  const given: ReadonlyMap<NodeId, Address> = founders ?? new Map([[options.id, parsed.advertise]]);
  const texts = new Map([...given].map(([id, address]) => [id, formatAddress(address)] as const));
  const groupIds = names.map(groupIdOf);
  const groups = names.map((name, shard) => {
    const id = groupIds[shard] as number;
    const machine = machines[shard] as PreparedMachine;
    return new ShardGroup({
      name,
      shard,
      id,
      host,
      machine,
      clock,
      timers,
      timeoutMs,
      addresses: texts,
    });
  });
  const addresses = founders ?? new Map<NodeId, Address>();
  return new RunningShards({
    member,
    clock,
    timers,
    groups,
    groupIds,
    replicas,
    shardOf,
    addresses,
  });
}
