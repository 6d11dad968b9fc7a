import { uptime } from 'node:os';
import type { Clock, Timers } from '@quorate/base';
import type { ClientTls } from './transport/client-tls.ts';
import { grpcTransport } from './transport/grpc-transport.ts';
import type { ClientTransport } from './transport/transport.ts';

/** What a client reaches the world through; each has a default, and tests put their own there. */
export interface ClientPorts {
  readonly transport: ClientTransport;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Pick<Timers, 'after'>;
  /** From 0 up to but not including 1; spreads what is tried again. */
  readonly random: () => number;
}

/** Below this a difference between two clocks is their coarseness. */
const suspendThresholdMs = 100;

/** setTimeout fires at once when given more. */
const longestDelayMs = 2 ** 31 - 1;

/**
 * Monotonic, and counts the time in which the machine was suspended: a lease does not live longer
 * because its holder slept. The uptime is read only when the wall clock has moved ahead.
 */
function createClock(): ClientPorts['clock'] {
  let suspendedMs = 0;
  let wallAheadMs = Date.now() - performance.now();
  let uptimeAheadMs = uptime() * 1000 - performance.now();
  return {
    monotonicMs: () => {
      const runningMs = performance.now();
      const aheadMs = Date.now() - runningMs;
      if (aheadMs - wallAheadMs >= suspendThresholdMs) {
        const gapMs = uptime() * 1000 - runningMs - uptimeAheadMs;
        if (gapMs >= suspendThresholdMs) {
          suspendedMs += gapMs;
          uptimeAheadMs += gapMs;
        }
      }
      wallAheadMs = aheadMs;
      return runningMs + suspendedMs;
    },
  };
}

const timers: ClientPorts['timers'] = {
  after: (delayMs, callback) => {
    // Rounded up: a fraction that is cut off would call back before its time.
    const wholeMs = Math.min(longestDelayMs, Math.max(0, Math.ceil(delayMs)));
    const handle = setTimeout(callback, wholeMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/**
 * @returns the ports of this machine, save for those that are given
 * @throws ClientError CLIENT_TLS_INVALID
 */
export function withDefaultPorts(given: Partial<ClientPorts>, tls: ClientTls): ClientPorts {
  return {
    transport: given.transport ?? grpcTransport(tls),
    clock: given.clock ?? createClock(),
    timers,
    random: Math.random,
    ...given,
  };
}
