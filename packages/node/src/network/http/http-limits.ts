import { validateHeaderName, validateHeaderValue } from 'node:http';
import { NodeError } from '../../node-error.ts';

/** Every duration in milliseconds. All nodes of a cluster use the same. */
export interface HttpNetworkLimits {
  /** Of bytes of a stream in one request or answer. A proxy in between has to let that pass. */
  readonly maxBodyBytes: number;
  /** How long an answer may wait for something to say; less than any proxy's patience. */
  readonly holdMs: number;
  /** How long a request may take beyond that. */
  readonly answerTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** A connection none of whose requests is answered for so long is closed. */
  readonly retryForMs: number;
  /** An accepted connection on which no request comes for so long is closed. */
  readonly silenceMs: number;
  /** Accepted connections; further ones are refused. */
  readonly maxConnections: number;
  /** What may wait on one connection before it is closed, far above the mark of `write`. */
  readonly maxQueuedBytes: number;
  /** Of bodies that are being received, all connections together. */
  readonly maxIncomingBytes: number;
}

const mebibyte = 1024 * 1024;

const defaultLimits: HttpNetworkLimits = {
  // Below the 1 MB that proxies commonly allow.
  maxBodyBytes: 512 * 1024,
  // Below the 30 and 60 s after which they commonly give up.
  holdMs: 20_000,
  answerTimeoutMs: 10_000,
  connectTimeoutMs: 5_000,
  retryForMs: 10_000,
  silenceMs: 45_000,
  maxConnections: 1_024,
  maxQueuedBytes: 128 * mebibyte,
  maxIncomingBytes: 64 * mebibyte,
};

/** @throws NodeError NODE_OPTIONS_INVALID */
export function resolveHttpLimits(given: Partial<HttpNetworkLimits>): HttpNetworkLimits {
  const limits = { ...defaultLimits, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1 || value >= 2 ** 31) {
      throw invalid(`limits.${name}`, 'a whole number from 1 to 2^31 - 1');
    }
  }
  if (limits.silenceMs <= limits.holdMs + limits.answerTimeoutMs) {
    throw invalid('limits.silenceMs', 'more than holdMs and answerTimeoutMs together');
  }
  if (limits.maxIncomingBytes < 2 * limits.maxBodyBytes) {
    throw invalid('limits.maxIncomingBytes', 'at least twice maxBodyBytes');
  }
  return limits;
}

/** @throws NodeError NODE_OPTIONS_INVALID */
export function checkHttpPath(path: string): string {
  if (/^(\/[A-Za-z0-9._~-]+)+$/.test(path) && path.length <= 200) return path;
  throw invalid('path', "a path of plain words, such as '/quorate/peer', without a '/' at the end");
}

/** @throws NodeError NODE_OPTIONS_INVALID */
export function checkHttpHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw invalid(`headers.${name}`, 'a name and a value that HTTP allows');
    }
    if (ownHeaders.has(name.toLowerCase())) {
      throw invalid(`headers.${name}`, 'another header: this one is set for each request');
    }
  }
}

const ownHeaders = new Set([
  'content-length',
  'content-type',
  'transfer-encoding',
  'connection',
  'accept-encoding',
]);

function invalid(field: string, fix: string): NodeError<'NODE_OPTIONS_INVALID'> {
  const message = `option ${field} of the HTTP network cannot be used; write ${fix}`;
  return new NodeError('NODE_OPTIONS_INVALID', message, { field, fix });
}
