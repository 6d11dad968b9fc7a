import type { RunningLeadership } from './running-leadership.ts';

interface Waiter {
  readonly elected: (leadership: RunningLeadership) => void;
  readonly failed: (error: unknown) => void;
}

/** Calls that wait until this node leads. */
export class CampaignWaiters {
  readonly #waiters = new Set<Waiter>();
  readonly #abandoned: () => void;

  /** @param abandoned the last of them waits no more */
  constructor(abandoned: () => void) {
    this.#abandoned = abandoned;
  }

  get count(): number {
    return this.#waiters.size;
  }

  /** @throws the signal's reason, or what `reject` is given */
  async wait(signal: AbortSignal | undefined): Promise<RunningLeadership> {
    const { promise, resolve, reject } = Promise.withResolvers<RunningLeadership>();
    const waiter = { elected: resolve, failed: reject };
    const abort = (): void => {
      if (!this.#waiters.delete(waiter)) return;
      reject(signal?.reason);
      if (this.#waiters.size === 0) this.#abandoned();
    };
    this.#waiters.add(waiter);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  resolve(leadership: RunningLeadership): void {
    for (const { elected } of this.#drained()) elected(leadership);
  }

  reject(error: Error): void {
    for (const { failed } of this.#drained()) failed(error);
  }

  #drained(): readonly Waiter[] {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    return waiters;
  }
}
