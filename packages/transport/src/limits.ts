import { invalidOption } from './transport-error.ts';

/** Every duration in milliseconds. */
export interface TransportLimits {
  /**
   * The longest frame that is sent or accepted, so also the longest message with its length. Must
   * be the same on all nodes, or at least large enough for what the others send.
   */
  readonly maxFrameBytes: number;
  /** Messages gather in one frame up to about this size; then the next frame begins. */
  readonly flushFrameBytes: number;
  /** What may wait on the control lane of one peer before messages are dropped. */
  readonly controlQueueBytes: number;
  readonly controlQueueMessages: number;
  /** The same for the bulk lane, which carries nothing but pieces of snapshots. */
  readonly bulkQueueBytes: number;
  readonly bulkQueueMessages: number;
  readonly connectTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  /** The wait before a new attempt doubles from the first to the second of these. */
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  /** A link that was up for so long begins again with the shortest wait. */
  readonly healthyMs: number;
  readonly pingIntervalMs: number;
  /** After so many unanswered intervals a link is taken for dead; four times as many on bulk. */
  readonly missedPings: number;
  /** Accepted connections that have not shaken hands yet; further ones are closed at once. */
  readonly maxPendingConnections: number;
  /** Accepted connections of enquirers; further ones are closed at once. */
  readonly maxEnquirers: number;
  /** A connection of the enquiry lane on which nothing is asked for so long is closed. */
  readonly enquiryIdleMs: number;
  /** The same line about the same peer is logged at most once in so long. */
  readonly logIntervalMs: number;
}

const mebibyte = 1024 * 1024;

/** They fit round trips from microseconds to some hundreds of milliseconds. */
export const defaultTransportLimits: TransportLimits = {
  maxFrameBytes: 8 * mebibyte + 256 * 1024,
  flushFrameBytes: 256 * 1024,
  controlQueueBytes: 32 * mebibyte,
  controlQueueMessages: 16_384,
  bulkQueueBytes: 8 * mebibyte,
  bulkQueueMessages: 64,
  connectTimeoutMs: 3000,
  handshakeTimeoutMs: 3000,
  reconnectMinMs: 100,
  reconnectMaxMs: 3000,
  healthyMs: 5000,
  pingIntervalMs: 2000,
  missedPings: 5,
  maxPendingConnections: 64,
  maxEnquirers: 1024,
  enquiryIdleMs: 60_000,
  logIntervalMs: 10_000,
};

/** @throws TransportError TRANSPORT_INVALID_OPTION */
export function resolveLimits(given: Partial<TransportLimits>): TransportLimits {
  const limits = { ...defaultTransportLimits, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw invalidOption(`limits.${name}`, `${value} is not a whole number of at least 1`);
    }
  }
  if (limits.maxFrameBytes > 2 ** 30) {
    throw invalidOption('limits.maxFrameBytes', 'a frame of more than 1 GiB is not supported');
  }
  if (limits.reconnectMaxMs < limits.reconnectMinMs) {
    throw invalidOption('limits.reconnectMaxMs', 'is less than limits.reconnectMinMs');
  }
  return limits;
}
