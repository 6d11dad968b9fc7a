import { isIP } from 'node:net';
import { type Address, formatAddress, parseAddress } from '@quorate/base';
import { ElectionError } from '../core/election-error.ts';
import { refuse, shown } from '../refuse-option.ts';
import { sharedKeyOf } from '../shared-key-option.ts';

/** What a `raftify.json` says, checked, with what it leaves out. */
export interface RaftifyConfig {
  readonly id: string;
  readonly maxNodes: number;
  readonly expect: number;
  /** `encrypt`; null: not given. */
  readonly key: Uint8Array | null;
  /** All times are multiplied by it. */
  readonly performance: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly bind: Address;
  /** `peer_list` as it stands there, with or without this node. */
  readonly peers: readonly Address[];
}

const known = [
  'id',
  'max_nodes',
  'expect',
  'encrypt',
  'performance',
  'log_level',
  'bind_addr',
  'bind_port',
  'peer_list',
];

const logLevels = { DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERR: 'error' } as const;

const longestId = 128;
/** As many as an election may have founders. */
export const mostNodes = 99;
const largestPerformance = 1000;

type Given = Readonly<Record<string, unknown>>;

/**
 * The contents of a `raftify.json`. As Raftify does, empty text and 0 stand for what is left out,
 * where that may be.
 *
 * @param file its path, for errors
 * @throws ElectionError ELECTION_OPTIONS_INVALID, with the key as `field`; `encrypt` is not shown
 */
export function parseRaftifyConfig(text: string, file: string): RaftifyConfig {
  return inFile(file, () => parsed(text));
}

/** What is refused in there is told of the file, whose keys are no options. */
export function inFile<Result>(file: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ElectionError) || error.code !== 'ELECTION_OPTIONS_INVALID') throw error;
    const { field } = (error as ElectionError<'ELECTION_OPTIONS_INVALID'>).metadata;
    const message = `${file}: ${error.message.replace(/^option /, '')}`;
    throw new ElectionError('ELECTION_OPTIONS_INVALID', message, { field }, { cause: error });
  }
}

function parsed(text: string): RaftifyConfig {
  const given = objectIn(text);
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) refuse(key, 'is unknown', `use some of ${known.join(', ')}`);
  }
  const id = idOf(given['id']);
  const maxNodes = wholeNumber('max_nodes', given['max_nodes'], 1, mostNodes);
  const expect = expectOf(given['expect'], maxNodes);
  const { encrypt } = given;
  const key = isLeftOut(encrypt) ? null : sharedKeyOf('encrypt', textOf('encrypt', encrypt));
  const { performance, bind_port: port } = given;
  return {
    id,
    maxNodes,
    expect,
    key,
    performance: isLeftOut(performance)
      ? 1
      : wholeNumber('performance', performance, 1, largestPerformance),
    logLevel: logLevelOf(given['log_level']),
    bind: {
      host: bindHostOf(given['bind_addr']),
      port: isLeftOut(port) ? 7946 : wholeNumber('bind_port', numberIn(port), 1, 65_535),
    },
    peers: peersOf(given['peer_list'], expect, maxNodes),
  };
}

function objectIn(text: string): Given {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    // What JSON.parse says may quote the text, and so the key.
    const at = /position \d+/.exec(error instanceof Error ? error.message : '')?.[0];
    const where = at === undefined ? '' : ` at ${at}`;
    return refuse('raftify.json', `is no JSON${where}`, 'mend it');
  }
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given as Given;
  return refuse('raftify.json', 'is no JSON object', `give { ${known.join(', ')} }`);
}

function isLeftOut(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === 0;
}

function textOf(key: string, value: unknown): string {
  if (typeof value === 'string') return value;
  const what = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
  return refuse(key, `is ${what}`, 'give text');
}

/** Raftify's manual has a port in quotes, its code one without. */
function numberIn(value: unknown): unknown {
  return typeof value === 'string' && /^[1-9]\d*$/.test(value) ? Number(value) : value;
}

function wholeNumber(key: string, value: unknown, lowest: number, highest: number): number {
  const fix = `give a whole number from ${lowest} to ${highest}`;
  if (value === undefined) return refuse(key, 'is missing', fix);
  const isFit = Number.isSafeInteger(value) && Number(value) >= lowest && Number(value) <= highest;
  return isFit ? Number(value) : refuse(key, `is ${shown(value)}`, fix);
}

function idOf(value: unknown): string {
  const fix = 'give each node a name of its own';
  if (value === undefined || value === '') return refuse('id', 'is missing', fix);
  const id = textOf('id', value);
  if (id.length > longestId) {
    return refuse('id', `has ${id.length} characters`, `give at most ${longestId}`);
  }
  if (/\p{C}/u.test(id)) return refuse('id', 'has characters that nobody sees', fix);
  return id;
}

/** With `2 * expect > max_nodes` any two sets of founders have a node in common (rule 9). */
function expectOf(value: unknown, maxNodes: number): number {
  const expect = wholeNumber('expect', value, 1, mostNodes);
  if (expect > maxNodes) {
    const fix = 'give the number of nodes that found the group, at most max_nodes';
    return refuse('expect', `is ${expect}, and max_nodes ${maxNodes}`, fix);
  }
  if (2 * expect > maxNodes) return expect;
  const least = Math.floor(maxNodes / 2) + 1;
  const problem = `is ${expect}, and max_nodes ${maxNodes}: two groups could be founded`;
  return refuse('expect', problem, `give at least ${least}, or a smaller max_nodes`);
}

function logLevelOf(value: unknown): RaftifyConfig['logLevel'] {
  if (isLeftOut(value)) return 'warn';
  const names = Object.keys(logLevels);
  if (typeof value === 'string' && Object.hasOwn(logLevels, value)) {
    return logLevels[value as keyof typeof logLevels];
  }
  return refuse('log_level', `is ${shown(value)}`, `use one of ${names.join(', ')}`);
}

function bindHostOf(value: unknown): string {
  if (isLeftOut(value)) return '0.0.0.0';
  const host = textOf('bind_addr', value);
  if (isIP(host) !== 0) return host;
  return refuse('bind_addr', `is '${host}'`, 'give an IP address of this machine, or leave it out');
}

function peersOf(value: unknown, expect: number, maxNodes: number): readonly Address[] {
  const fix = "list the nodes, such as ['10.0.0.1:7946', '10.0.0.2:7946', '10.0.0.3:7946']";
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) {
    return expect === 1 ? [] : refuse('peer_list', `is missing, and expect is ${expect}`, fix);
  }
  if (!Array.isArray(value)) return refuse('peer_list', `is ${shown(value)}`, fix);
  if (value.length > maxNodes) {
    const problem = `has ${value.length} nodes, and max_nodes is ${maxNodes}`;
    refuse('peer_list', problem, 'take some out, or give a larger max_nodes');
  }
  const seen = new Set<string>();
  return value.map((one: unknown, at) => {
    const key = `peer_list[${at}]`;
    const address = typeof one === 'string' ? parseAddress(one.toLowerCase()) : null;
    if (address === null) return refuse(key, `is ${shown(one)}`, "give 'host:port'");
    const text = formatAddress(address);
    if (seen.has(text)) refuse(key, `is ${text} a second time`, 'list each node once');
    seen.add(text);
    return address;
  });
}
