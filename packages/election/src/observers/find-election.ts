import { type Address, formatAddress, type Logger, type Network, Prng } from '@quorate/base';
import { askCluster, groupIdOf, systemCrypto, timers } from '@quorate/node';
import { ElectionError } from '../core/election-error.ts';
import { electionGroupName } from '../election-group.ts';
import { refuse } from '../refuse-option.ts';
import type { ParsedObserverOptions } from './parse-observer-options.ts';

/** Which election the sources are of. */
export interface FoundElection {
  /** 16 hex digits. */
  readonly clusterId: string;
  /** Null: whoever answered does not know it. */
  readonly clusterName: string | null;
}

export interface FindingPorts {
  /** Null: TCP. */
  readonly network: ((logger: Logger) => Network) | null;
  readonly logger: Logger;
  /** Ends the search with its reason. */
  readonly signal: AbortSignal;
}

type Sought = Pick<ParsedObserverOptions, 'from' | 'cluster'>;

const answerMs = 3000;
const minPauseMs = 200;
const maxPauseMs = 5000;

/**
 * Asks all sources at once, again and again, until one of them answers.
 *
 * @throws the signal's reason; ElectionError ELECTION_OPTIONS_INVALID when those that answer are of
 *   another election, or of none
 */
export async function findElection(sought: Sought, ports: FindingPorts): Promise<FoundElection> {
  const prng = new Prng(systemCrypto.randomBytes(6).reduce((seed, one) => seed * 256 + one, 0));
  for (let round = 0; ; round++) {
    const found = await askAll(sought, ports);
    ports.signal.throwIfAborted();
    if (found !== null) return found;
    const pauseMs = Math.min(maxPauseMs, minPauseMs * 2 ** Math.min(round, 10));
    await paused(pauseMs * (0.5 + prng.float()), ports.signal);
  }
}

/** Null: nobody answered. */
async function askAll(sought: Sought, ports: FindingPorts): Promise<FoundElection | null> {
  const { logger, signal } = ports;
  let winner: FoundElection | null = null;
  const asked = sought.from.map(async (source, at) => {
    const found = await ask(source, at, sought.cluster, ports);
    if (winner !== null && winner.clusterId !== found.clusterId) {
      logger.error('a source is of another election', {
        source: formatAddress(source),
        option: `from[${at}]`,
        advice: 'name members or observers of one election; this one is not used',
      });
    }
    winner ??= found;
    return found;
  });
  try {
    return await untilAborted(Promise.any(asked), signal);
  } catch (error) {
    signal.throwIfAborted();
    const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
    const wrong = errors.find((one) => one instanceof ElectionError);
    if (wrong !== undefined) throw wrong;
    const [first] = errors;
    logger.warn('no source answers', {
      sources: sought.from.map(formatAddress).join(' '),
      reason: first instanceof Error ? first.message : String(first),
      advice: 'they are asked again; see that one of them runs, and can be reached from here',
    });
    return null;
  }
}

async function ask(
  source: Address,
  at: number,
  cluster: string | null,
  { network, logger }: FindingPorts,
): Promise<FoundElection> {
  const options = { ...(network === null ? {} : { network }), logger, timeoutMs: answerMs };
  const { clusterId, clusterName = null, groups } = await askCluster(source, options);
  if (!groups.some(({ id }) => id === groupIdOf(electionGroupName))) {
    const problem = `is ${formatAddress(source)}, a node of no election`;
    refuse(`from[${at}]`, problem, 'name members of the election, or its observers');
  }
  if (cluster !== null && clusterName !== null && cluster !== clusterName) {
    const of = `that of ${formatAddress(source)} (from[${at}]) is '${clusterName}'`;
    const fix = 'give that name, or addresses of the election that is meant';
    refuse('cluster', `is '${cluster}', and ${of}`, fix);
  }
  return { clusterId, clusterName };
}

function paused(pauseMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = timers.after(pauseMs, resolve);
  return untilAborted(promise, signal).finally(() => timer.cancel());
}

/** @throws the signal's reason */
export async function untilAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const end = (): void => reject(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', end);
    // Whichever comes second is nobody's error.
    promise.catch(() => undefined);
  }
}
