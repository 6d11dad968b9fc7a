import { formatAddress } from '@quorate/base';
import type { FedStanding } from '@quorate/host';
import {
  createLogger,
  type OpenedFollower,
  openFollower,
  openPskNetwork,
  openTlsNetwork,
} from '@quorate/node';
import { ElectionError } from '../core/election-error.ts';
import { ElectionMachine } from '../core/election-machine.ts';
import { electionGroupName } from '../election-group.ts';
import { findElection, untilAborted } from './find-election.ts';
import type { ElectionObserver, ObserverOptions } from './observer.ts';
import { type ParsedObserverOptions, parseObserverOptions } from './parse-observer-options.ts';
import { RunningObserver } from './running-observer.ts';

const defaultLog = { level: 'info', format: 'logfmt' } as const;

/**
 * Observes an election: told who leads by a member or by another observer, so that hundreds of them
 * cost the members as much as the few that they tell themselves. Open once it has heard who leads,
 * or that nobody does.
 *
 * ```ts
 * await using observer = await observeElection({ from: ['10.0.0.1:7001', '10.0.0.2:7001'] });
 * for await (const leader of observer.observe()) console.log(leader?.text ?? 'nobody leads');
 * ```
 *
 * @throws ElectionError ELECTION_OPTIONS_INVALID with the field, ELECTION_UNREACHABLE after
 *   `timeoutMs`; NodeError NODE_TLS_INVALID; TransportError when `listen` cannot be listened on;
 *   the signal's reason
 */
export async function observeElection(options: ObserverOptions): Promise<ElectionObserver> {
  const parsed = parseObserverOptions(options);
  const { signal = null } = options;
  signal?.throwIfAborted();
  const logger = createLogger(options.log ?? defaultLog);
  const tls = options.tls === undefined ? null : await openTlsNetwork({ ...options.tls, logger });
  const { sharedKey: key } = parsed;
  const secure = key === null ? tls : openPskNetwork({ key, logger });
  const network = secure === null ? (options.network ?? null) : () => secure;
  const ends = deadlineOf(parsed);
  const opening = signal === null ? ends.signal : AbortSignal.any([signal, ends.signal]);
  let follower: OpenedFollower | null = null;
  try {
    const found = await findElection(parsed, { network, logger, signal: opening });
    const machine = new ElectionMachine();
    const { from: upstream, listen, refreshMs, maxObservers: maxFollowers, advertise } = parsed;
    follower = await openFollower({
      ...found,
      upstream,
      groupName: electionGroupName,
      stateMachine: machine,
      listen,
      following: { refreshMs, maxFollowers, advertise },
      network,
      logger,
      onHalt: (error) => {
        throw error;
      },
    });
    const { standing } = follower.group;
    if (standing === null) throw new TypeError('a follower is told who leads');
    await heard(standing, opening);
    const { maxStaleMs } = parsed;
    const closed = (): void => tls?.close();
    return new RunningObserver({ follower, standing, machine, maxStaleMs, signal, closed });
  } catch (error) {
    follower?.close();
    tls?.close();
    throw error;
  } finally {
    ends.cancel();
  }
}

/** Until a member's word is here. */
async function heard(standing: FedStanding, signal: AbortSignal): Promise<void> {
  if (standing.ageMs !== Number.POSITIVE_INFINITY) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = standing.onStanding(() => {
    if (standing.ageMs !== Number.POSITIVE_INFINITY) resolve();
  });
  await untilAborted(promise, signal).finally(stop);
}

interface Deadline {
  /** Aborted with ELECTION_UNREACHABLE. */
  readonly signal: AbortSignal;
  cancel(): void;
}

function deadlineOf({ from, timeoutMs }: ParsedObserverOptions): Deadline {
  const controller = new AbortController();
  if (timeoutMs === null) return { signal: controller.signal, cancel: () => undefined };
  const timer = setTimeout(() => {
    const addresses = from.map(formatAddress);
    const message =
      `none of ${addresses.join(', ')} told within ${timeoutMs} ms who leads: see that one of ` +
      'them runs and can be reached from here, or leave timeoutMs out to go on trying';
    const metadata = { addresses, timeoutMs };
    controller.abort(new ElectionError('ELECTION_UNREACHABLE', message, metadata));
  }, timeoutMs);
  return { signal: controller.signal, cancel: () => clearTimeout(timer) };
}
