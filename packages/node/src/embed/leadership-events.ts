import type { Timers } from '@quorate/base';
import type { GroupStatus } from '@quorate/runtime';
import type { NodeId } from '@quorate/schema';
import type { LeadershipEvent } from './node.ts';

type Listener = (event: LeadershipEvent) => void;

/** Turns a group's changes of state into events: each once, in order, no lost lead left out. */
export class LeadershipEvents {
  readonly #timers: Pick<Timers, 'defer'>;
  readonly #listeners = new Set<Listener>();
  readonly #ends = new Set<() => void>();
  #leads = false;
  #term = 0;
  #leader: NodeId = 0;
  #isClosed = false;

  /** @param timers for what listeners throw: it must not touch the replica's turn */
  constructor(timers: Pick<Timers, 'defer'>) {
    this.#timers = timers;
  }

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

  /** What happens from this call on, also what happens before the first `next`. */
  iterate(signal: AbortSignal | undefined): AsyncIterableIterator<LeadershipEvent> {
    const queue: LeadershipEvent[] = [];
    let wake = (): void => undefined;
    let isOver = this.#isClosed || signal?.aborted === true;
    const stop = this.listen((event) => {
      queue.push(event);
      wake();
    });
    const end = (): void => {
      isOver = true;
      stop();
      this.#ends.delete(end);
      signal?.removeEventListener('abort', end);
      wake();
    };
    if (isOver) stop();
    else {
      this.#ends.add(end);
      signal?.addEventListener('abort', end, { once: true });
    }
    const events = drawn(
      queue,
      () => isOver,
      (resume) => {
        wake = resume;
      },
    );
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: () => events.next(),
      // A generator that was never begun would not see to its end.
      return: () => {
        end();
        return events.return();
      },
    };
  }

  #lost(): void {
    this.#leads = false;
    this.#leader = 0;
    this.#tell({ kind: 'lost', term: this.#term });
  }

  #tell(event: LeadershipEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        this.#timers.defer(() => {
          throw error;
        });
      }
    }
  }
}

async function* drawn(
  queue: LeadershipEvent[],
  isOver: () => boolean,
  onWake: (resume: () => void) => void,
): AsyncGenerator<LeadershipEvent, void, void> {
  for (;;) {
    yield* queue.splice(0);
    if (queue.length > 0) continue;
    if (isOver()) return;
    await new Promise<void>(onWake);
  }
}
