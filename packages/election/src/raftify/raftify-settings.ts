import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { type Address, type Logger, type Network, parseAddress } from '@quorate/base';
import type { LogOptions } from '@quorate/node';
import { ElectionError } from '../core/election-error.ts';
import type { ElectionTiming } from '../core/election-timing.ts';
import { defaultElectionTiming } from '../core/election-timing.ts';
import type { DeadNodeRemoval, ElectionOptions } from '../election-options.ts';
import { checkTls } from '../parse-election-options.ts';
import { checkKeys, refuse, shown } from '../refuse-option.ts';
import type { Waiting } from './decision.ts';
import { type FoundingPlan, planOf } from './founding-plan.ts';
import { ownAddress } from './own-address.ts';
import { inFile, parseRaftifyConfig, type RaftifyConfig } from './raftify-config.ts';

/** `directory` is needed. */
export interface RaftifyOptions
  extends Pick<
    ElectionOptions,
    'value' | 'tls' | 'generation' | 'workEndsWithinMs' | 'log' | 'onHalt'
  > {
  /** Where `raftify.json` is. */
  readonly directory: string;
  /** What this node has voted and promised; its alone. Default: `quorate` in `directory`. */
  readonly dataDir?: string;
  /**
   * 'host:port' where others reach this node, as their `peer_list` has it. Left out: `bind_addr`;
   * where that stands for all addresses, the entry of `peer_list` that is this machine's.
   */
  readonly address?: string;
  /** Ends the wait for the others, with its own reason. */
  readonly signal?: AbortSignal;
  /** Told of each round in which this node is of no group yet, or not taken in. */
  readonly onWaiting?: (waiting: RaftifyWaiting) => void;
  /**
   * As for `createElection`. Default: after 60 s times `performance`, down to three voters. Null:
   * dead nodes stay members. The same on every node.
   */
  readonly removeDead?: DeadNodeRemoval | null;
  /** Instead of TCP, `encrypt` and `tls`. */
  readonly network?: (logger: Logger) => Network;
}

/** Why a node is not of a group yet. */
export interface RaftifyWaiting extends Pick<Waiting, 'present' | 'expected' | 'problems'> {
  /** `Bootstrap`: the group is not founded; `Rejoin`: this node is not taken in. */
  readonly state: 'Bootstrap' | 'Rejoin';
}

/** What a node was started with, checked. */
export interface RaftifySettings {
  readonly config: RaftifyConfig;
  /** Absolute, of `raftify.json`. */
  readonly file: string;
  readonly plan: FoundingPlan;
  /** Where others reach it. */
  readonly address: Address;
  /** Absolute. */
  readonly dataDir: string;
  readonly log: LogOptions;
  readonly timing: ElectionTiming;
  readonly removeDead: DeadNodeRemoval | null;
}

const known = [
  'directory',
  'dataDir',
  'address',
  'signal',
  'onWaiting',
  'removeDead',
  'network',
  'value',
  'tls',
  'generation',
  'workEndsWithinMs',
  'log',
  'onHalt',
] satisfies (keyof RaftifyOptions)[];

const fileName = 'raftify.json';
const mostFileBytes = 1024 * 1024;

/** At `performance` 1; Raftify has 200 ms, and 800 to 1,200 ms. */
const heartbeatMs = 100;
const electionTimeoutMs = 500;
const deadAfterMs = 60_000;

/** @throws ElectionError ELECTION_OPTIONS_INVALID with the option or the key as `field` */
export function settingsOf(options: RaftifyOptions): RaftifySettings {
  checkKeys('', options, known);
  const { directory, dataDir, signal, onWaiting } = options;
  const fix = 'name the directory that has the raftify.json of this node';
  if (typeof directory !== 'string' || directory === '') {
    refuse('directory', directory === undefined ? 'is missing' : `is ${shown(directory)}`, fix);
  }
  if (dataDir !== undefined && (typeof dataDir !== 'string' || dataDir === '')) {
    refuse('dataDir', `is ${shown(dataDir)}`, 'name a directory of this node alone');
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    refuse('signal', `is ${shown(signal)}`, 'give an AbortSignal');
  }
  if (onWaiting !== undefined && typeof onWaiting !== 'function') {
    refuse('onWaiting', `is ${shown(onWaiting)}`, 'give a function');
  }
  const file = join(resolve(directory), fileName);
  const config = parseRaftifyConfig(readText(file), file);
  checkLinks(options, config);
  const address = addressOf(options, config, file);
  const { performance } = config;
  return {
    config,
    file,
    plan: inFile(file, () => planOf(config, address)),
    address,
    dataDir: resolve(dataDir ?? join(directory, 'quorate')),
    log: options.log ?? { level: config.logLevel, format: 'logfmt' },
    timing: {
      ...defaultElectionTiming,
      heartbeatIntervalMs: heartbeatMs * performance,
      electionTimeoutMs: electionTimeoutMs * performance,
    },
    removeDead:
      options.removeDead === undefined
        ? { afterMs: deadAfterMs * performance }
        : options.removeDead,
  };
}

function readText(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${file} cannot be read (${reason}): give the directory that it is in`;
    const metadata = { field: 'directory' };
    throw new ElectionError('ELECTION_OPTIONS_INVALID', message, metadata, { cause: error });
  }
  if (text.length <= mostFileBytes) return text;
  return refuse('directory', `has a ${fileName} that is too large`, 'give another directory');
}

function checkLinks({ tls, network }: RaftifyOptions, { key }: RaftifyConfig): void {
  if (network !== undefined && typeof network !== 'function') {
    refuse('network', `is ${shown(network)}`, 'give a function');
  }
  checkTls({
    ...(tls === undefined ? {} : { tls }),
    ...(network === undefined ? {} : { network }),
  });
  if (key === null) return;
  const beside = tls === undefined ? (network === undefined ? null : 'network') : 'tls';
  if (beside === null) return;
  refuse(beside, 'stands beside encrypt of raftify.json', 'take encrypt out there, on every node');
}

function addressOf({ address }: RaftifyOptions, config: RaftifyConfig, file: string): Address {
  if (address === undefined) return inFile(file, () => ownAddress(config, networkInterfaces()));
  const parsed = typeof address === 'string' ? parseAddress(address.toLowerCase()) : null;
  return parsed ?? refuse('address', `is ${shown(address)}`, "give 'host:port'");
}
