import type { GroupStatus } from '@quorate/runtime';
import type { NodeId } from '@quorate/schema';
import type { LeadershipEvent } from './node.ts';

type Listener = (event: LeadershipEvent) => void;

/** Turns a group's changes of state into events: each once, in order, no lost lead left out. */
export class LeadershipEvents {
  readonly #listeners = new Set<Listener>();
  readonly #ends = new Set<() => void>();
  #leads = false;
  #term = 0;
  #leader: NodeId = 0;
  #isClosed = false;

  changed({
    role,
    term,
    leader,
    node,
  }: Pick<GroupStatus, 'role' | 'term' | 'leader' | 'node'>): void {
    const leads = role === 'leader';
    if (this.#leads && (!leads || term !== this.#term)) this.#lost();
    if (leads && !this.#leads) {
      this.#leads = true;
      this.#term = term;
      this.#leader = node;
      this.#tell({ kind: 'elected', term });
    } else if (!leads && leader !== this.#leader) {
      this.#leader = leader;
      this.#tell({ kind: 'leader', leader, term });
    }
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    if (this.#isClosed) return;
    if (this.#leads) this.#lost();
    this.#isClosed = true;
    this.#listeners.clear();
    for (const end of this.#ends) end();
  }

  async *iterate(signal: AbortSignal | undefined): AsyncGenerator<LeadershipEvent, void> {
    const queue: LeadershipEvent[] = [];
    let wake = (): void => undefined;
    let isOver = this.#isClosed || signal?.aborted === true;
    const end = (): void => {
      isOver = true;
      wake();
    };
    const stop = this.listen((event) => {
      queue.push(event);
      wake();
    });
    this.#ends.add(end);
    signal?.addEventListener('abort', end, { once: true });
    try {
      for (;;) {
        yield* queue.splice(0);
        if (isOver && queue.length === 0) return;
        if (queue.length === 0) {
          await new Promise<void>((fulfil) => {
            wake = fulfil;
          });
        }
      }
    } finally {
      stop();
      this.#ends.delete(end);
      signal?.removeEventListener('abort', end);
    }
  }

  #lost(): void {
    this.#leads = false;
    this.#leader = 0;
    this.#tell({ kind: 'lost', term: this.#term });
  }

  #tell(event: LeadershipEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
