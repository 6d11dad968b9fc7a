import type { DurabilityClass, LogIndex, NodeId } from '@quorate/schema';

/** Somebody waits for an entry to be durable in a class of failure domains. */
export interface DurabilityWait {
  readonly from: NodeId;
  /** Asked again under the same context, it is still one wait. */
  readonly context: number;
  readonly index: LogIndex;
  readonly durability: DurabilityClass;
  /** When it was asked for last. */
  readonly askedMs: number;
}

interface ClassWaits {
  readonly durability: DurabilityClass;
  readonly byAsker: Map<NodeId, Map<number, DurabilityWait>>;
  /** Every wait here is for more than this; undefined: one is new, and not looked at yet. */
  reached: LogIndex | null | undefined;
}

/**
 * The waits a leader has to answer, by class: while a domain is down there may be very many, and
 * they are looked at only when what their class has reached moves.
 */
export class DurabilityWaitList {
  readonly #classes = new Map<string, ClassWaits>();

  add(wait: DurabilityWait): void {
    const { depth, domains } = wait.durability;
    const key = `${depth}:${domains}`;
    let known = this.#classes.get(key);
    if (known === undefined) {
      known = { durability: wait.durability, byAsker: new Map(), reached: undefined };
      this.#classes.set(key, known);
    }
    known.reached = undefined;
    const waits = known.byAsker.get(wait.from);
    if (waits === undefined) known.byAsker.set(wait.from, new Map([[wait.context, wait]]));
    else waits.set(wait.context, wait);
  }

  /** The asker is gone, or asks again when it is back. */
  drop(from: NodeId): void {
    for (const known of this.#classes.values()) {
      known.byAsker.delete(from);
      this.#tidy(known);
    }
  }

  /** The asker does not wait any more. */
  forget(from: NodeId, context: number): void {
    for (const known of this.#classes.values()) {
      if (known.byAsker.get(from)?.delete(context) === true) this.#tidy(known);
    }
  }

  /** Forgets those of others that were last asked for before `beforeMs`: who waits asks again. */
  expire(own: NodeId, beforeMs: number): void {
    for (const known of this.#classes.values()) {
      for (const [from, waits] of known.byAsker) {
        if (from === own) continue;
        for (const [context, { askedMs }] of waits) {
          if (askedMs < beforeMs) waits.delete(context);
        }
      }
      this.#tidy(known);
    }
  }

  contextsOf(from: NodeId): readonly number[] {
    const classes = [...this.#classes.values()];
    return classes.flatMap(({ byAsker }) => [...(byAsker.get(from)?.keys() ?? [])]);
  }

  /**
   * Takes out those that have an answer.
   *
   * @param reachedBy up to where a class is reached; null: it is out of reach
   */
  answer(
    reachedBy: (durability: DurabilityClass) => LogIndex | null,
    tell: (wait: DurabilityWait, reached: boolean) => void,
  ): void {
    for (const known of this.#classes.values()) {
      const reached = reachedBy(known.durability);
      if (reached === known.reached) continue;
      known.reached = reached;
      for (const waits of known.byAsker.values()) {
        for (const [context, wait] of waits) {
          if (reached !== null && wait.index > reached) continue;
          waits.delete(context);
          tell(wait, reached !== null);
        }
      }
      this.#tidy(known);
    }
  }

  get isEmpty(): boolean {
    return this.#classes.size === 0;
  }

  #tidy({ durability, byAsker }: ClassWaits): void {
    for (const [from, waits] of byAsker) if (waits.size === 0) byAsker.delete(from);
    if (byAsker.size === 0) this.#classes.delete(`${durability.depth}:${durability.domains}`);
  }
}
