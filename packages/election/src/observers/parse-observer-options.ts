import type { Address } from '@quorate/base';
import { addressOf, checkTls, ownKeyOf } from '../parse-election-options.ts';
import { checkKeys, checkNumber, refuse, shown } from '../refuse-option.ts';
import type { ObserverOptions } from './observer.ts';

/** What they come to, checked. */
export interface ParsedObserverOptions {
  readonly from: readonly Address[];
  readonly listen: Address | null;
  readonly advertise: Address | null;
  /** Null: whichever is there. */
  readonly cluster: string | null;
  readonly refreshMs: number;
  readonly maxStaleMs: number;
  readonly maxObservers: number;
  /** Null: never given up. */
  readonly timeoutMs: number | null;
  /** Null: none. */
  readonly sharedKey: Uint8Array | null;
}

const known = [
  'from',
  'listen',
  'advertise',
  'cluster',
  'refreshMs',
  'maxStaleMs',
  'maxObservers',
  'timeoutMs',
  'tls',
  'sharedKey',
  'network',
  'log',
  'signal',
] satisfies (keyof ObserverOptions)[];

const mostSources = 99;
const mostMs = 2 ** 31 - 1;

/**
 * The log's options and the files of `tls` are checked by those who use them.
 *
 * @throws ElectionError ELECTION_OPTIONS_INVALID with the path of the first bad field
 */
export function parseObserverOptions(options: ObserverOptions): ParsedObserverOptions {
  checkKeys('', options, known);
  const from = fromOf(options.from);
  const listen = options.listen === undefined ? null : addressOf('listen', options.listen, 0);
  const { refreshMs = 1000, maxObservers = 500, timeoutMs = null, cluster = null } = options;
  if (options.advertise !== undefined && listen === null) {
    refuse('advertise', 'stands without listen', 'give listen too, or leave it out');
  }
  const advertise =
    options.advertise === undefined ? null : addressOf('advertise', options.advertise, 1);
  if (cluster !== null && (typeof cluster !== 'string' || cluster === '' || cluster.length > 255)) {
    refuse('cluster', `is ${shown(cluster)}`, 'give 1 to 255 characters, as the members have it');
  }
  checkNumber('refreshMs', refreshMs, 100, 30_000);
  checkNumber('maxObservers', maxObservers, 1, 1000);
  if (timeoutMs !== null) checkNumber('timeoutMs', timeoutMs, 1, mostMs);
  const { maxStaleMs = Math.max(10_000, 10 * refreshMs) } = options;
  if (maxStaleMs !== Number.POSITIVE_INFINITY) {
    checkNumber('maxStaleMs', maxStaleMs, 3 * refreshMs, mostMs);
  }
  const network: unknown = options.network;
  if (network !== undefined && typeof network !== 'function') {
    refuse('network', `is ${shown(network)}`, 'give a function, or leave it out');
  }
  const signal: unknown = options.signal;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    refuse('signal', `is ${shown(signal)}`, 'give an AbortSignal, or leave it out');
  }
  checkTls(options);
  const sharedKey = ownKeyOf(options);
  const times = { refreshMs, maxStaleMs, timeoutMs };
  return { from, listen, advertise, cluster, ...times, maxObservers, sharedKey };
}

function fromOf(given: unknown): readonly Address[] {
  const fix = "list members or other observers, such as ['10.0.0.1:7001']";
  if (given === undefined) refuse('from', 'is missing', fix);
  if (!Array.isArray(given)) refuse('from', `is ${shown(given)}`, fix);
  if (given.length === 0) refuse('from', 'is empty', fix);
  if (given.length > mostSources) {
    refuse('from', `has ${given.length} of them`, `name at most ${mostSources}; two or three do`);
  }
  return given.map((one, at) => addressOf(`from[${at}]`, one, 1));
}
