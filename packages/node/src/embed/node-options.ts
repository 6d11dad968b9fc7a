import { type Address, formatAddress } from '@quorate/base';
import type { NodeId } from '@quorate/schema';
import { NodeError } from '../node-error.ts';
import { addressOf } from './addresses.ts';
import type { GroupSources, NodeOptions } from './node.ts';

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

function refuse(field: string, problem: string, fix: string): never {
  throw new NodeError('NODE_OPTIONS_INVALID', `option ${field} ${problem}: ${fix}`, { field, fix });
}

/**
 * What `openMember` does not check itself; types do not bind callers in plain JavaScript.
 *
 * @throws NodeError NODE_OPTIONS_INVALID with the path of the first bad field and what to give
 */
export function parseNodeOptions(options: NodeOptions): ParsedOptions {
  if (typeof options !== 'object' || options === null) {
    refuse('options', `is ${String(options)}`, 'give an object of NodeOptions');
  }
  for (const name of Object.keys(options)) {
    if (!known.has(name)) refuse(name, 'is unknown', `use one of ${[...known].join(', ')}`);
  }
  checkId('id', options.id);
  const { cluster = 'quorate', timeoutMs = 30_000 } = options;
  if (typeof cluster !== 'string' || cluster === '') {
    refuse('cluster', 'is no name', 'give some text, the same on every node');
  }
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1) {
    refuse('timeoutMs', `is ${String(timeoutMs)}`, 'give a whole number of milliseconds');
  }
  checkSources(options.groups);
  const listen = addressOf('listen', options.listen, 0);
  const advertise =
    options.advertise === undefined ? listen : addressOf('advertise', options.advertise, 1);
  const founders = options.peers === undefined ? null : foundersOf(options.peers, options.id);
  const join = (options.join ?? []).map((one, at) => addressOf(`join[${at}]`, one, 1));
  if (founders !== null && join.length > 0) {
    refuse('join', 'stands beside peers', 'give peers to found a cluster, or join to join one');
  }
  if (join.length > 0 && advertise.port === 0) {
    refuse('listen', 'has port 0', 'give the port at which members are to reach this node');
  }
  return { listen, advertise, founders, join, cluster, timeoutMs };
}

function checkSources(groups: GroupSources): void {
  if (typeof groups !== 'object' || groups === null || Object.keys(groups).length === 0) {
    refuse('groups', 'is empty', 'name at least one state machine');
  }
  for (const [name, source] of Object.entries(groups)) {
    const field = `groups[${JSON.stringify(name)}]`;
    const machine: unknown = typeof source === 'function' ? source() : source;
    const methods = (machine ?? {}) as Readonly<Record<string, unknown>>;
    const has = (...names: string[]): boolean =>
      names.every((method) => typeof methods[method] === 'function');
    if (has('apply', 'snapshot', 'restore') || has('apply', 'toJSON', 'fromJSON')) continue;
    refuse(
      field,
      'is no state machine',
      'give an object with apply, toJSON and fromJSON (the simple form), or with apply, snapshot ' +
        'and restore (the full one), or a function that makes one',
    );
  }
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
      refuse(`peers[${text}]`, `has the address of ${owner}, ${shown}`, 'give each its own');
    }
    owners.set(shown, id);
    founders.set(id, address);
  }
  if (founders.has(self)) return founders;
  return refuse('peers', `lacks this node, ${self}`, 'list all founders, this node included');
}

function checkId(field: string, id: unknown): void {
  if (Number.isSafeInteger(id) && Number(id) > 0) return;
  refuse(field, `is ${String(id)}`, 'give a whole number from 1 to 2^53 - 1');
}
