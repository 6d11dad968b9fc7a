import { assert } from '@quorate/base';
import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import { type Caller, isRefusal } from '../calls/caller.ts';
import { methods, streamPaths } from '../calls/methods.ts';
import { ResumingStream, type StreamContext, type StreamOwner } from '../calls/resuming-stream.ts';
import { clientClosed } from '../client-error.ts';
import { KeptLease, type LeaseKeeper } from './kept-lease.ts';

/** All leases of a client, renewed on one stream. */
export class Leases implements StreamOwner, LeaseKeeper {
  readonly #caller: Caller;
  readonly #context: StreamContext;
  readonly #stream: ResumingStream;
  readonly #kept = new Map<bigint, KeptLease>();
  #isClosed = false;

  constructor(caller: Caller, context: StreamContext) {
    this.#caller = caller;
    this.#context = context;
    this.#stream = new ResumingStream(streamPaths.leaseKeepAlive, context, this);
  }

  /** A grant whose outcome is unknown is asked for again: an unused lease ends by itself. */
  async grant(ttlSeconds: number): Promise<KeptLease> {
    assert(Number.isSafeInteger(ttlSeconds) && ttlSeconds > 0, 'a TTL is in whole seconds');
    const { ports } = this.#context;
    let sentMs = 0;
    const granted = await this.#caller.repeat(methods.leaseGrant, { TTL: ttlSeconds }, () => {
      sentMs = ports.clock.monotonicMs();
    });
    // Nobody would renew it; it ends by itself.
    if (this.#isClosed) throw clientClosed();
    const lease = new KeptLease(granted.ID, granted.TTL, sentMs, this, ports);
    this.#kept.set(lease.id, lease);
    lease.keep();
    this.#stream.open();
    return lease;
  }

  /** Keeps one alive that was granted elsewhere. Null: there is none. */
  async adopt(id: bigint): Promise<KeptLease | null> {
    const { ports } = this.#context;
    const asked = ports.clock.monotonicMs();
    const { TTL, grantedTTL } = await this.#caller.read(methods.leaseTimeToLive, { ID: id });
    if (this.#isClosed) throw clientClosed();
    if (TTL < 0) return null;
    // Until it was renewed, no more is certain than what is left.
    const grantedMs = asked - 1000 * (grantedTTL - TTL);
    const lease = new KeptLease(id, grantedTTL, grantedMs, this, ports);
    this.#kept.set(id, lease);
    lease.keep();
    this.#stream.open();
    return lease;
  }

  /** Nobody renews them any more: all are lost at once. */
  close(): void {
    this.#isClosed = true;
    for (const lease of [...this.#kept.values()]) lease.lose('the client was closed');
    this.#stream.close();
  }

  renew(ID: bigint): boolean {
    // It was given up when servers refused; what they refuse may be mended.
    this.#stream.open();
    if (!this.#stream.isOpen) return false;
    this.#stream.send(encodeMessage(etcd.LeaseKeepAliveRequest, { ID }));
    return true;
  }

  stalled(): void {
    this.#stream.restart();
  }

  forget(id: bigint): void {
    this.#kept.delete(id);
    if (this.#kept.size === 0) this.#stream.close();
  }

  async revoke(ID: bigint): Promise<void> {
    try {
      await this.#caller.repeat(methods.leaseRevoke, { ID });
    } catch (error) {
      if (!isRefusal(error, 'etcdserver: requested lease not found')) throw error;
    }
  }

  opened(): void {
    for (const lease of this.#kept.values()) lease.streamOpened();
  }

  lost(): void {
    for (const lease of this.#kept.values()) lease.streamLost();
  }

  /** The leases go on until they are lost; each renewal tries to open the stream again. */
  failed(): void {
    this.lost();
  }

  message(bytes: Uint8Array): void {
    const answer = decodeMessage(etcd.LeaseKeepAliveResponse, bytes);
    if (answer === null) {
      this.#stream.restart();
      return;
    }
    this.#stream.accepted();
    this.#kept.get(answer.ID)?.answered(answer.TTL);
  }
}
