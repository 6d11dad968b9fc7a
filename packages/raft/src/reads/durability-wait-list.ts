import type { DurabilityClass, LogIndex, NodeId } from '@quorate/schema';

/** Somebody waits for an entry to be durable in a class of failure domains. */
export interface DurabilityWait {
  readonly from: NodeId;
  /** Asked again under the same context, it is still one wait. */
  readonly context: number;
  readonly index: LogIndex;
  readonly durability: DurabilityClass;
}

/** The waits a leader has to answer. */
export class DurabilityWaitList {
  readonly #waits = new Map<NodeId, Map<number, DurabilityWait>>();

  add(wait: DurabilityWait): void {
    const known = this.#waits.get(wait.from);
    if (known === undefined) this.#waits.set(wait.from, new Map([[wait.context, wait]]));
    else known.set(wait.context, wait);
  }

  /** The asker is gone, or asks again when it is back. */
  drop(from: NodeId): void {
    this.#waits.delete(from);
  }

  contextsOf(from: NodeId): readonly number[] {
    return [...(this.#waits.get(from)?.keys() ?? [])];
  }

  /** Takes out those for which `decided` gives an answer. */
  answer(
    decided: (wait: DurabilityWait) => boolean | null,
    tell: (wait: DurabilityWait, reached: boolean) => void,
  ): void {
    for (const [from, waits] of this.#waits) {
      for (const [context, wait] of waits) {
        const reached = decided(wait);
        if (reached === null) continue;
        waits.delete(context);
        tell(wait, reached);
      }
      if (waits.size === 0) this.#waits.delete(from);
    }
  }

  get isEmpty(): boolean {
    return this.#waits.size === 0;
  }
}
