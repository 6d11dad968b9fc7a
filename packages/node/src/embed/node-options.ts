import { statSync } from 'node:fs';
import { type Address, type Checkpoints, formatAddress } from '@quorate/base';
import type { NodeId } from '@quorate/schema';
import type { LogOptions } from '../member.ts';
import { checkLog as checkLogOptions } from '../member-options.ts';
import { addressOf } from './addresses.ts';
import type { GroupSources, NodeOptions } from './node.ts';
import { checkBoolean, checkId, refuseOption, shown } from './refuse-option.ts';

/** What `NodeOptions` come to, checked. */
export interface ParsedOptions {
  readonly listen: Address;
  readonly advertise: Address;
  /** Null: this node joins, or has founded or joined before. */
  readonly founders: ReadonlyMap<NodeId, Address> | null;
  readonly join: readonly Address[];
  readonly cluster: string;
  readonly timeoutMs: number;
}

const known: ReadonlySet<string> = new Set<keyof NodeOptions>([
  'id',
  'dataDir',
  'listen',
  'advertise',
  'peers',
  'join',
  'cluster',
  'groups',
  'admit',
  'learner',
  'locality',
  'checked',
  'storage',
  'network',
  'tuning',
  'log',
  'timeoutMs',
  'onHalt',
]);

/**
 * What `openMember` does not check itself; types do not bind callers in plain JavaScript.
 *
 * @throws NodeError NODE_OPTIONS_INVALID with the path of the first bad field and what to give
 */
export function parseNodeOptions(options: NodeOptions): ParsedOptions {
  if (typeof options !== 'object' || options === null) {
    refuseOption('options', `is ${String(options)}`, 'give an object of NodeOptions');
  }
  for (const name of Object.keys(options)) {
    if (!known.has(name)) refuseOption(name, 'is unknown', `use one of ${[...known].join(', ')}`);
  }
  checkId('id', options.id);
  checkDirectory(options.dataDir);
  checkLog(options.log);
  for (const name of ['admit', 'learner', 'checked'] as const) checkBoolean(name, options[name]);
  const { cluster = 'quorate', timeoutMs = 30_000 } = options;
  if (typeof cluster !== 'string' || cluster === '') {
    refuseOption('cluster', 'is no name', 'give some text, the same on every node');
  }
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1) {
    refuseOption('timeoutMs', `is ${shown(timeoutMs)}`, 'give a whole number of milliseconds');
  }
  checkSources(options.groups);
  const listen = addressOf('listen', options.listen, 0);
  const advertise =
    options.advertise === undefined ? listen : addressOf('advertise', options.advertise, 1);
  const founders = options.peers === undefined ? null : foundersOf(options.peers, options.id);
  const join = (options.join ?? []).map((one, at) => addressOf(`join[${at}]`, one, 1));
  if (founders !== null && join.length > 0) {
    refuseOption(
      'join',
      'stands beside peers',
      'give peers to found a cluster, or join to join one',
    );
  }
  if (join.length > 0 && advertise.port === 0) {
    refuseOption('listen', 'has port 0', 'give the port at which members are to reach this node');
  }
  return { listen, advertise, founders, join, cluster, timeoutMs };
}

function checkDirectory(dataDir: unknown): void {
  if (dataDir === null) return;
  const fix = 'name a directory this node alone uses, or give null for memory';
  if (typeof dataDir !== 'string' || dataDir === '' || dataDir.includes('\0')) {
    refuseOption('dataDir', `is ${dataDir === '' ? 'empty' : shown(dataDir)}, no path`, fix);
  }
  const found = statSync(dataDir, { throwIfNoEntry: false });
  if (found?.isDirectory() === false) refuseOption('dataDir', `${dataDir} is a file`, fix);
}

function checkLog(log: unknown): void {
  if (log === undefined) return;
  if (typeof log !== 'object' || log === null) {
    refuseOption('log', `is ${shown(log)}`, 'give { level, format }');
  }
  checkLogOptions(log as LogOptions);
}

/** @throws NodeError NODE_OPTIONS_INVALID when it is a class, or throws */
function made(source: () => unknown, field: string): unknown {
  if (/^class\b/.test(Function.prototype.toString.call(source))) {
    const { name } = source;
    refuseOption(field, `is the class ${name} itself`, `give () => new ${name}()`);
  }
  try {
    return source();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refuseOption(field, `threw: ${reason}`, 'give a function that makes a state machine');
  }
}

/** @throws NodeError NODE_OPTIONS_INVALID */
export function checkSources(groups: GroupSources): void {
  if (typeof groups !== 'object' || groups === null || Object.keys(groups).length === 0) {
    refuseOption('groups', 'is empty', 'name at least one state machine');
  }
  for (const [name, source] of Object.entries(groups)) {
    const field = `groups[${JSON.stringify(name)}]`;
    const machine: unknown = typeof source === 'function' ? made(source, field) : source;
    const methods = (machine ?? {}) as Readonly<Record<string, unknown>>;
    const has = (...names: string[]): boolean =>
      names.every((method) => typeof methods[method] === 'function');
    if (has('apply', 'snapshot', 'restore')) {
      checkCheckpoints(field, methods['checkpoints']);
      continue;
    }
    if (has('apply', 'toJSON', 'fromJSON')) continue;
    refuseOption(
      field,
      'is no state machine',
      'give an object with apply, toJSON and fromJSON (the simple form), or with apply, snapshot ' +
        'and restore (the full one), or a function that makes one',
    );
  }
}

function checkCheckpoints(field: string, checkpoints: unknown): void {
  if (checkpoints === undefined) return;
  const methods = (checkpoints ?? {}) as Readonly<Record<string, unknown>>;
  const names = ['open', 'take', 'expand', 'collect', 'close'] satisfies (keyof Checkpoints)[];
  const missing = names.find((name) => typeof methods[name] !== 'function');
  if (missing === undefined) return;
  const fix = 'give all that Checkpoints has, or leave checkpoints out';
  refuseOption(`${field}.checkpoints`, `has no method ${missing}`, fix);
}

function foundersOf(
  peers: NonNullable<NodeOptions['peers']>,
  self: NodeId,
): ReadonlyMap<NodeId, Address> {
  const founders = new Map<NodeId, Address>();
  const owners = new Map<string, NodeId>();
  for (const [text, given] of Object.entries(peers)) {
    const id = Number(text);
    checkId(`peers[${text}]`, id);
    const address = addressOf(`peers[${text}]`, given, id === self ? 0 : 1);
    const shown = formatAddress(address);
    const owner = owners.get(shown);
    if (owner !== undefined) {
      refuseOption(`peers[${text}]`, `has the address of ${owner}, ${shown}`, 'give each its own');
    }
    owners.set(shown, id);
    founders.set(id, address);
  }
  if (founders.has(self)) return founders;
  return refuseOption('peers', `lacks this node, ${self}`, 'list all founders, this node included');
}
