import type { NodeOptions } from '../embed/node.ts';
import { type ParsedOptions, parseNodeOptions } from '../embed/node-options.ts';
import { NodeError } from '../node-error.ts';
import { type ShardKey, shardOfKey } from './shard-key.ts';
import type { ShardsOptions } from './shards.ts';

/** What `ShardsOptions` come to, checked. */
export interface ParsedShards extends ParsedOptions {
  readonly count: number;
  readonly replicas: number;
  /** @throws NodeError NODE_SHARD_UNKNOWN; TypeError */
  readonly shardOf: (key: ShardKey) => number;
}

const mostShards = 4096;
const usualReplicas = 3;
const known: ReadonlySet<string> = new Set<keyof ShardsOptions['shards']>([
  'count',
  'replicas',
  'create',
  'shardOf',
]);
/** Options of `openNode` that have no meaning here. */
const foreign: Readonly<Record<string, string>> = {
  groups: 'give shards, with create',
  admit: 'leave it out: a node takes part in what is moved to it',
  learner: 'leave it out: a replica has a vote',
  locality: 'leave it out',
};

function refuse(field: string, problem: string, fix: string): never {
  throw new NodeError('NODE_OPTIONS_INVALID', `option ${field} ${problem}: ${fix}`, { field, fix });
}

/** @throws NodeError NODE_OPTIONS_INVALID with the path of the first bad field and what to give */
export function parseShardsOptions(options: ShardsOptions): ParsedShards {
  if (typeof options !== 'object' || options === null) {
    refuse('options', `is ${String(options)}`, 'give an object of ShardsOptions');
  }
  for (const [name, fix] of Object.entries(foreign)) {
    if (Reflect.get(options, name) !== undefined) refuse(name, 'has no meaning for shards', fix);
  }
  const { shards, ...rest } = options;
  if (typeof shards !== 'object' || shards === null) {
    refuse('shards', `is ${String(shards)}`, 'give an object with count and create');
  }
  for (const name of Object.keys(shards)) {
    if (!known.has(name)) refuse(`shards.${name}`, 'is unknown', `use ${[...known].join(', ')}`);
  }
  const { count, create, shardOf } = shards;
  checkCreate(create);
  const groups: NodeOptions['groups'] = { shards: () => create(0) };
  const parsed = parseNodeOptions({ ...rest, groups });
  if (parsed.founders === null && parsed.join.length === 0) {
    const fix = 'give peers as the founders did, or join with the address of any node';
    refuse('peers', 'and join are missing', fix);
  }
  if (!isWithin(count, 1, mostShards)) {
    refuse('shards.count', `is ${String(count)}`, `give a whole number from 1 to ${mostShards}`);
  }
  if (shardOf !== undefined && typeof shardOf !== 'function') {
    refuse(
      'shards.shardOf',
      'is not a function',
      'give one from a key to a shard, or leave it out',
    );
  }
  return {
    ...parsed,
    count,
    replicas: replicasOf(shards.replicas, parsed.founders?.size),
    shardOf:
      shardOf === undefined
        ? (key) => shardOfKey(key, count)
        : (key) => shardWithin(shardOf(key), count),
  };
}

function checkCreate(create: unknown): void {
  const fix =
    'give a function that makes an empty state machine: an object with apply, toJSON and ' +
    'fromJSON (the simple form), or with apply, snapshot and restore (the full one)';
  if (typeof create !== 'function') refuse('shards.create', 'is not a function', fix);
  const [one, another]: unknown[] = [create(0), create(0)];
  if (!isMachine(one)) refuse('shards.create', 'gives no state machine', fix);
  if (one === another) refuse('shards.create', 'gives the same object twice', fix);
}

function isMachine(value: unknown): boolean {
  const methods = (value ?? {}) as Readonly<Record<string, unknown>>;
  const has = (...names: string[]): boolean =>
    names.every((name) => typeof methods[name] === 'function');
  return has('apply', 'snapshot', 'restore') || has('apply', 'toJSON', 'fromJSON');
}

function replicasOf(given: number | undefined, founders: number | undefined): number {
  if (given === undefined) return Math.min(usualReplicas, founders ?? usualReplicas);
  const most = founders ?? 99;
  if (isWithin(given, 1, most)) return given;
  const fix = `give a whole number from 1 to ${most}, the number of founders`;
  return refuse('shards.replicas', `is ${String(given)}`, fix);
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
}

/** @throws NodeError NODE_SHARD_UNKNOWN */
export function shardWithin(shard: number, count: number): number {
  if (isWithin(shard, 0, count - 1)) return shard;
  const message = `there is no shard ${String(shard)}: they are numbered from 0 to ${count - 1}`;
  throw new NodeError('NODE_SHARD_UNKNOWN', message, { shard, count });
}
