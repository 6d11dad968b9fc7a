import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Address, formatAddress, parseAddress } from '@quorate/base';
import { type AddressLike, makeDirectory } from '@quorate/node';
import type { NodeId } from '@quorate/schema';
import { watermarkDirOf } from './claims/parse-claims-option.ts';
import { ElectionError } from './core/election-error.ts';
import { maxGeneration, maxValueBytes } from './core/election-model.ts';
import {
  checkElectionTiming,
  defaultElectionTiming,
  type ElectionTiming,
} from './core/election-timing.ts';
import type { ElectionValue } from './election.ts';
import type { ElectionOptions, ElectionPeer, ElectionTls } from './election-options.ts';
import { bytesOf } from './election-value.ts';
import { type ParsedMembersOptions, parseMembersOptions } from './members/parse-members-options.ts';
import { checkId, checkKeys, checkNumber, refuse, shown } from './refuse-option.ts';
import { sharedKeyOf } from './shared-key-option.ts';

/** What they come to, checked. */
export interface ParsedElectionOptions extends ParsedMembersOptions {
  readonly id: NodeId;
  /** Absolute; null: in memory. */
  readonly dataDir: string | null;
  readonly listen: Address;
  /** Null: this node joins, or has founded or joined before. */
  readonly founders: ReadonlyMap<NodeId, Address> | null;
  readonly join: readonly Address[];
  /** Null: not given. */
  readonly cluster: string | null;
  readonly value: Uint8Array;
  readonly timing: ElectionTiming;
  readonly generation: number;
  /** Absolute; null: the election has no claims. */
  readonly watermarkDir: string | null;
  /** Null: none. */
  readonly sharedKey: Uint8Array | null;
  readonly workEndsWithinMs: number;
  readonly maxObservers: number;
  readonly timeoutMs: number;
}

const known = [
  'id',
  'peers',
  'dataDir',
  'listen',
  'join',
  'cluster',
  'value',
  'timing',
  'tls',
  'sharedKey',
  'removeDead',
  'rejoin',
  'claims',
  'generation',
  'workEndsWithinMs',
  'maxObservers',
  'timeoutMs',
  'network',
  'log',
  'onHalt',
] satisfies (keyof ElectionOptions)[];

const knownTiming = Object.keys(defaultElectionTiming) as (keyof ElectionTiming)[];

const knownTls = [
  'certFile',
  'keyFile',
  'trustedCaFile',
  'minVersion',
  'cipherSuites',
  'allowedCommonNames',
  'allowedHostnames',
] satisfies (keyof ElectionTls)[];

const mostPeers = 99;

/**
 * Types do not bind callers in plain JavaScript, and configuration files reach this too. The log's
 * options and the files of `tls` are checked by those who use them.
 *
 * @throws ElectionError ELECTION_OPTIONS_INVALID with the path of the first bad field; the message
 *   says what to give
 */
export function parseElectionOptions(options: ElectionOptions): ParsedElectionOptions {
  checkKeys('', options, known);
  const { id, dataDir, generation = 0, workEndsWithinMs = 10_000, timeoutMs = 30_000 } = options;
  checkId('id', id);
  const { cluster = null } = options;
  if (cluster !== null && (typeof cluster !== 'string' || cluster === '' || cluster.length > 255)) {
    refuse('cluster', `is ${shown(cluster)}`, 'give 1 to 255 characters, the same on every node');
  }
  checkNumber('generation', generation, 0, maxGeneration);
  checkNumber('workEndsWithinMs', workEndsWithinMs, 0, 2 ** 31 - 1);
  checkNumber('timeoutMs', timeoutMs, 1, 2 ** 31 - 1);
  const { maxObservers = 128 } = options;
  checkNumber('maxObservers', maxObservers, 1, 1000);
  for (const name of ['network', 'onHalt'] as const) {
    const given: unknown = options[name];
    if (given === undefined || typeof given === 'function') continue;
    refuse(name, `is ${shown(given)}`, 'give a function, or leave it out');
  }
  checkTls(options);
  const sharedKey = ownKeyOf(options);
  const timing = timingOf(options.timing);
  const value = ownValueOf('value', options.value ?? '');
  const founders = options.peers === undefined ? null : foundersOf(options.peers, id);
  const join = joinOf(options.join, founders !== null);
  const listen = listenOf(options.listen, founders?.get(id) ?? null, join.length > 0);
  const ofMembers = parseMembersOptions(options, timing, founders);
  // Last, for it makes the directory.
  const directory = directoryOf(dataDir);
  return {
    id,
    dataDir: directory,
    listen,
    founders,
    join,
    cluster,
    value,
    timing,
    generation,
    ...ofMembers,
    watermarkDir: watermarkDirOf(options.claims, directory),
    sharedKey,
    workEndsWithinMs,
    maxObservers,
    timeoutMs,
  };
}

export function checkTls({ tls, network }: Pick<ElectionOptions, 'tls' | 'network'>): void {
  if (tls === undefined) return;
  checkKeys('tls.', tls, knownTls);
  for (const name of ['certFile', 'keyFile', 'trustedCaFile'] as const) {
    const file: unknown = tls[name];
    if (typeof file === 'string' && file !== '') continue;
    const problem = file === undefined ? 'is missing' : `is ${shown(file)}`;
    refuse(`tls.${name}`, problem, 'give the path of a PEM file; peers need all three');
  }
  if (network === undefined) return;
  refuse('tls', 'stands beside network', 'give one of them: a network has the TLS that it has');
}

export function ownKeyOf({
  sharedKey,
  tls,
  network,
}: Pick<ElectionOptions, 'sharedKey' | 'tls' | 'network'>): Uint8Array | null {
  if (sharedKey === undefined) return null;
  const beside = tls === undefined ? (network === undefined ? null : 'network') : 'tls';
  if (beside === null) return sharedKeyOf('sharedKey', sharedKey);
  return refuse('sharedKey', `stands beside ${beside}`, 'give one of them; tls is the better one');
}

function timingOf(given: ElectionOptions['timing']): ElectionTiming {
  if (given === undefined) return defaultElectionTiming;
  checkKeys('timing.', given, knownTiming);
  const timing = { ...defaultElectionTiming, ...given };
  try {
    checkElectionTiming(timing);
  } catch (error) {
    if (!(error instanceof ElectionError) || error.code !== 'ELECTION_OPTIONS_INVALID') throw error;
    const { field } = (error as ElectionError<'ELECTION_OPTIONS_INVALID'>).metadata;
    const message = `option timing.${error.message}`;
    const metadata = { field: `timing.${field}` };
    throw new ElectionError('ELECTION_OPTIONS_INVALID', message, metadata, { cause: error });
  }
  return timing;
}

function ownValueOf(field: string, value: ElectionValue): Uint8Array {
  const bytes = bytesOf(field, value);
  if (bytes.length <= maxValueBytes) return bytes.slice();
  const fix = 'tell an address there, and serve the rest from it';
  return refuse(field, `has ${bytes.length} bytes, more than ${maxValueBytes}`, fix);
}

function foundersOf(
  peers: NonNullable<ElectionOptions['peers']>,
  self: NodeId,
): ReadonlyMap<NodeId, Address> {
  const founders = new Map<NodeId, Address>();
  const owners = new Map<string, NodeId>();
  for (const { field, id, address: given } of peersGiven(peers)) {
    checkId(field.id, id);
    if (founders.has(id)) {
      refuse(field.id, `is ${id} a second time`, 'give each founder an id of its own, once');
    }
    const address = addressOf(field.address, given, id === self ? 0 : 1);
    const text = formatAddress(address);
    const owner = owners.get(text);
    if (owner !== undefined) {
      refuse(field.address, `is ${text}, which ${owner} has`, 'give each founder its own address');
    }
    owners.set(text, id);
    founders.set(id, address);
  }
  if (founders.size > mostPeers) {
    refuse('peers', `has ${founders.size} of them`, `name at most ${mostPeers}; 3 to 7 are usual`);
  }
  if (founders.has(self)) return founders;
  return refuse('peers', `lacks this node, ${self}`, 'list all founders, this node included');
}

interface GivenPeer {
  readonly field: { readonly id: string; readonly address: string };
  readonly id: NodeId;
  readonly address: AddressLike;
}

function peersGiven(peers: NonNullable<ElectionOptions['peers']>): readonly GivenPeer[] {
  if (Array.isArray(peers)) {
    return (peers as readonly ElectionPeer[]).map((peer, at) => {
      checkKeys(`peers[${at}].`, peer, ['id', 'address']);
      return { field: { id: `peers[${at}].id`, address: `peers[${at}].address` }, ...peer };
    });
  }
  if (typeof peers !== 'object' || peers === null) {
    refuse('peers', `is ${shown(peers)}`, "give { 1: 'host:port', 2: 'host:port', ... }");
  }
  return Object.entries(peers as Readonly<Record<string, AddressLike>>).map(([text, address]) => {
    const field = `peers[${text}]`;
    const id = Number(text);
    if (String(id) !== text) {
      refuse(field, 'is no id', 'give a whole number from 1, without zeros before it');
    }
    return { field: { id: field, address: field }, id, address };
  });
}

function joinOf(given: ElectionOptions['join'], hasPeers: boolean): readonly Address[] {
  if (given === undefined) return [];
  if (!Array.isArray(given) || given.length === 0) {
    refuse('join', `is ${shown(given)}`, "give a list of members, such as ['host:port']");
  }
  if (hasPeers) {
    refuse('join', 'stands beside peers', 'give peers to found an election, or join to join one');
  }
  return given.map((one: AddressLike, at) => addressOf(`join[${at}]`, one, 1));
}

function listenOf(given: AddressLike | undefined, own: Address | null, joins: boolean): Address {
  if (given !== undefined) return addressOf('listen', given, joins ? 1 : 0);
  return own ?? refuse('listen', 'is missing', 'without peers, give the address of this node');
}

export function addressOf(field: string, given: AddressLike, lowestPort: number): Address {
  const { host, port } = (typeof given === 'string' ? parsed(given) : given) ?? {};
  const isPort = Number.isInteger(port) && Number(port) >= lowestPort && Number(port) <= 65_535;
  if (typeof host === 'string' && host !== '' && isPort) return { host, port: Number(port) };
  const fix = `give 'host:port' with a port from ${lowestPort} to 65535, such as '10.0.0.1:7001'`;
  return refuse(field, given === undefined ? 'is missing' : `is ${shown(given)}`, fix);
}

/** Port 0 asks for any free one, which is no address of anything. */
function parsed(text: string): Address | null {
  const [, host] = /^(.+):0$/.exec(text) ?? [];
  if (host === undefined) return parseAddress(text);
  const any = parseAddress(`${host}:1`);
  return any === null ? null : { host: any.host, port: 0 };
}

/** Before anything is started: a vote that cannot be written must not be asked for. */
function directoryOf(given: unknown): string | null {
  if (given === null) return null;
  const fix = 'name a directory that this node alone uses, or give null to keep all in memory';
  if (given === undefined) return refuse('dataDir', 'is missing', fix);
  if (typeof given !== 'string' || given === '' || given.includes('\0')) {
    return refuse('dataDir', `is ${shown(given)}`, fix);
  }
  const path = resolve(given);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === false) return refuse('dataDir', `${path} is a file`, fix);
  try {
    makeDirectory(path);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const give = 'let the user of this process read and write it, or name another';
    return refuse('dataDir', `${path} cannot be written to (${reason})`, give);
  }
  return path;
}
