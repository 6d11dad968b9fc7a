import type { Timer } from '@quorate/base';
import { ClientError } from '../client-error.ts';
import type { ClientPorts } from '../client-ports.ts';
import type { Lease } from './lease.ts';

/** A server that has not renewed a lease for so long, and a third of its life, is left. */
const leastPatienceMs = 1000;

/** What keeps leases alive. */
export interface LeaseKeeper {
  /** Asks for a renewal, when there is a stream. */
  renew(id: bigint): boolean;
  /** The stream brings no answers. */
  stalled(): void;
  /** No more renewals. */
  forget(id: bigint): void;
  /** Ends it on the servers. */
  revoke(id: bigint): Promise<void>;
}

/** One lease: when it was last renewed, and until when it is certain to be there. */
export class KeptLease implements Lease {
  readonly id: bigint;
  #ttlMs: number;
  readonly #keeper: LeaseKeeper;
  readonly #ports: Pick<ClientPorts, 'clock' | 'timers'>;
  readonly #lost = new AbortController();
  /** Until then it is certain to be there. */
  #deadlineMs: number;
  /** Of the renewal that has not been answered on the present stream. */
  #sentMs: number | null = null;
  #deadlineTimer: Timer | null = null;
  #renewalTimer: Timer | null = null;
  #isKept = true;

  /** @param sentMs when the grant was asked for, by the monotonic clock */
  constructor(
    id: bigint,
    ttlSeconds: number,
    sentMs: number,
    keeper: LeaseKeeper,
    ports: Pick<ClientPorts, 'clock' | 'timers'>,
  ) {
    this.id = id;
    this.#ttlMs = ttlSeconds * 1000;
    this.#keeper = keeper;
    this.#ports = ports;
    this.#deadlineMs = sentMs + this.#ttlMs;
  }

  get ttlSeconds(): number {
    return this.#ttlMs / 1000;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get isLost(): boolean {
    this.#check();
    return this.#lost.signal.aborted;
  }

  remainingMs(): number {
    return this.isLost ? 0 : Math.max(0, this.#deadlineMs - this.#ports.clock.monotonicMs());
  }

  async revoke(): Promise<void> {
    this.#stop();
    await this.#keeper.revoke(this.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.revoke();
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
    }
  }

  /** From now on it is renewed. */
  keep(): void {
    this.#armDeadline();
    this.#armRenewal();
  }

  /** A new stream: what was asked on the one before is not answered any more. */
  streamOpened(): void {
    this.#sentMs = null;
    this.#renew();
  }

  streamLost(): void {
    this.#sentMs = null;
  }

  /** @param ttlSeconds as granted; 0: the lease is not there */
  answered(ttlSeconds: number): void {
    this.#check();
    const sentMs = this.#sentMs;
    if (sentMs === null || !this.#isKept) return;
    this.#sentMs = null;
    if (ttlSeconds <= 0) {
      this.lose('it has expired or was revoked');
      return;
    }
    this.#ttlMs = ttlSeconds * 1000;
    this.#deadlineMs = sentMs + this.#ttlMs;
  }

  /** It may be over. */
  lose(reason: string): void {
    if (!this.#isKept) return;
    this.#stop();
    const lease = this.id;
    const message = `lease ${lease} may be over: ${reason}; stop what relies on it`;
    this.#lost.abort(new ClientError('CLIENT_LEASE_LOST', message, { lease, reason }));
  }

  #stop(): void {
    if (!this.#isKept) return;
    this.#isKept = false;
    this.#deadlineTimer?.cancel();
    this.#renewalTimer?.cancel();
    this.#keeper.forget(this.id);
  }

  #check(): void {
    if (this.#ports.clock.monotonicMs() < this.#deadlineMs) return;
    this.lose(`no renewal was confirmed for ${this.ttlSeconds} s`);
  }

  /** Renewals move the deadline; the timer finds out when it fires. */
  #armDeadline(): void {
    const { clock, timers } = this.#ports;
    this.#deadlineTimer = timers.after(this.#deadlineMs - clock.monotonicMs(), () => {
      this.#check();
      if (this.#isKept) this.#armDeadline();
    });
  }

  #armRenewal(): void {
    this.#renewalTimer = this.#ports.timers.after(this.#ttlMs / 3, () => {
      this.#armRenewal();
      this.#renew();
    });
  }

  #renew(): void {
    const now = this.#ports.clock.monotonicMs();
    if (this.#sentMs === null) {
      if (this.#keeper.renew(this.id)) this.#sentMs = now;
    } else if (now - this.#sentMs >= Math.max(leastPatienceMs, this.#ttlMs / 3)) {
      this.#keeper.stalled();
    }
  }
}
