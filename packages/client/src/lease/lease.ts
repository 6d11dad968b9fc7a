/**
 * A lease that is kept alive until it is revoked, lost, or the client is closed.
 *
 * Nobody can know that a lease is still there, only that it was: so what must not be done without
 * it is bound to `lost`, and what must never be done twice carries a fencing token.
 */
export interface Lease extends AsyncDisposable {
  readonly id: bigint;
  /** As granted, which may be more than was asked for. */
  readonly ttlSeconds: number;
  /**
   * Aborted with CLIENT_LEASE_LOST when the lease may be over: a server said so, or `ttlSeconds`
   * have passed, by this machine's clock, since the last renewal that was confirmed was sent. Never
   * aborted by `revoke`.
   */
  readonly lost: AbortSignal;
  /** As `lost` says it, but of this very moment: timers are late when the process is busy. */
  readonly isLost: boolean;
  /** For how long it is certain to be there, if nobody revokes it; 0 when it is lost. */
  remainingMs(): number;
  /**
   * Ends it, which deletes its keys. Also fulfilled when it was over already.
   *
   * @throws ClientError as a get; the lease then ends by itself
   */
  revoke(): Promise<void>;
  /** As `revoke`, but leaves it to the lease to end by itself when no server can be reached. */
  [Symbol.asyncDispose](): Promise<void>;
}
