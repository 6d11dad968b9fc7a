/** What a deadline is for. */
export interface Expiring {
  expired(): void;
}

/** One deadline, to be given back when it is not needed any more. */
export interface Deadline {
  readonly slot: number;
  readonly owner: Expiring;
}

/**
 * The deadlines of all calls, to the nearest slot. Clients watch their deadlines themselves and are
 * not kept waiting by a server that is some milliseconds late; so one timer does for all.
 */
export class Deadlines {
  readonly #slotMs: number;
  readonly #slots = new Map<number, Set<Deadline>>();
  /** All up to this one have been looked at. */
  #slot = 0;

  constructor(slotMs: number) {
    this.#slotMs = slotMs;
  }

  /** Whether `expire` has to be called every now and then. */
  get isEmpty(): boolean {
    return this.#slots.size === 0;
  }

  add(owner: Expiring, nowMs: number, timeoutMs: number): Deadline {
    const now = Math.floor(nowMs / this.#slotMs);
    if (this.isEmpty) this.#slot = now;
    // Rounded up: never early.
    const slot = Math.max(Math.ceil((nowMs + timeoutMs) / this.#slotMs), this.#slot + 1);
    const deadline = { slot, owner };
    const others = this.#slots.get(slot);
    if (others === undefined) this.#slots.set(slot, new Set([deadline]));
    else others.add(deadline);
    return deadline;
  }

  remove(deadline: Deadline): void {
    const others = this.#slots.get(deadline.slot);
    if (others === undefined) return;
    others.delete(deadline);
    if (others.size === 0) this.#slots.delete(deadline.slot);
  }

  /** Tells everyone whose time is over. */
  expire(nowMs: number): void {
    const now = Math.floor(nowMs / this.#slotMs);
    for (; this.#slot < now && !this.isEmpty; this.#slot++) {
      const over = this.#slots.get(this.#slot + 1);
      this.#slots.delete(this.#slot + 1);
      for (const { owner } of over ?? []) owner.expired();
    }
    this.#slot = now;
  }
}
