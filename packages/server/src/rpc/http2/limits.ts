import { defaultMaxFrameBytes } from './protocol.ts';

/**
 * What one connection may ask of this process. Each bound answers an attack that is known, and is
 * far from what clients do.
 */
export interface Http2Limits {
  /** Calls at a time, those that were cancelled but still run included. */
  readonly maxConcurrentStreams: number;
  readonly streamWindowBytes: number;
  /** Clients believe in 65,535 at least: a window cannot be made smaller for them. */
  readonly connectionWindowBytes: number;
  /** Of one message of a client, without its prefix. */
  readonly maxMessageBytes: number;
  /** Of one request's header fields, decoded (RFC 9113, 6.5.2). */
  readonly maxHeaderListBytes: number;
  /** Of one request's header fields as they are sent, in all frames. */
  readonly maxHeaderBlockBytes: number;
  /** Frames that carry on the header fields of one request. */
  readonly maxContinuations: number;
  /** Messages of clients of which not everything is there, together. */
  readonly maxPartialBytes: number;
  /**
   * Answers that the client has not let us send; no stream counts for more than a quarter. Above it
   * new calls are refused once nothing was taken of them for two seconds. Until then what all
   * clients together may hold is the bound.
   */
  readonly maxPendingBytes: number;
  /** How long more than `maxPendingBytes` may wait without any of it being sent. */
  readonly stallTimeoutMs: number;
  /** Of one stream: above it `StreamCall.send` asks to wait. */
  readonly streamPendingBytes: number;
  /** Answers are kept back while the connection has this much that is not yet with the system. */
  readonly maxUnsentBytes: number;
  /**
   * Streams that the client resets before it was sent anything, or while some of that waits for it,
   * or makes us reset: so many at once, so many a second from then on.
   */
  readonly resetBurst: number;
  readonly resetsPerSecond: number;
  /** Frames that get nothing done, as with resets. */
  readonly idleFrameBurst: number;
  readonly idleFramesPerSecond: number;
  /** A client may ping this often while it has a call under way. */
  readonly minPingIntervalMs: number;
  /** And this often while it has none. */
  readonly minIdlePingIntervalMs: number;
  /** How many pings may come too early; the next one ends the connection. */
  readonly maxPingStrikes: number;
  /** A client that is silent for so long is pinged. */
  readonly keepAliveMs: number;
  /** And cut when it stays silent. */
  readonly keepAliveTimeoutMs: number;
  /** A connection has to begin within this. */
  readonly prefaceTimeoutMs: number;
}

/** Those that clients of etcd notice are etcd's; they tune their keep-alive by them. */
export const defaultHttp2Limits: Http2Limits = {
  maxConcurrentStreams: 10_000,
  streamWindowBytes: 4 * 1024 * 1024,
  connectionWindowBytes: 16 * 1024 * 1024,
  maxMessageBytes: 2 * 1024 * 1024,
  maxHeaderListBytes: 64 * 1024,
  maxHeaderBlockBytes: 4 * defaultMaxFrameBytes,
  maxContinuations: 32,
  maxPartialBytes: 128 * 1024 * 1024,
  maxPendingBytes: 32 * 1024 * 1024,
  stallTimeoutMs: 60_000,
  streamPendingBytes: 64 * 1024,
  maxUnsentBytes: 1024 * 1024,
  // A client may give up all that it may have under way at once.
  resetBurst: 10_000,
  resetsPerSecond: 200,
  idleFrameBurst: 1000,
  idleFramesPerSecond: 100,
  minPingIntervalMs: 5000,
  minIdlePingIntervalMs: 2 * 60 * 60 * 1000,
  maxPingStrikes: 2,
  keepAliveMs: 2 * 60 * 60 * 1000,
  keepAliveTimeoutMs: 20_000,
  prefaceTimeoutMs: 10_000,
};
