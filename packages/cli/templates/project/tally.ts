import type { SimpleStateMachine } from '@quorate/runtime';

export type Vote = { voter: string; choice: string };

/** `isCounted`: no when this voter has voted for something else before. */
export type Counted = { isCounted: boolean; votes: number };

/**
 * What is replicated: who voted for what. Every node has one, and applies the same votes in the
 * same order; so nothing in here looks at a clock, draws at random, waits or does I/O.
 */
export class Tally implements SimpleStateMachine<Vote, Counted, string, number> {
  #votes = new Map<string, number>();
  #choices = new Map<string, string>();

  /** What cannot be done is answered by a result; an exception would stop the node. */
  apply({ voter, choice }: Vote): Counted {
    const earlier = this.#choices.get(voter);
    if (earlier === undefined) {
      this.#choices.set(voter, choice);
      this.#votes.set(choice, this.query(choice) + 1);
    }
    // Asked again, because an answer was lost: the same answer.
    return { isCounted: (earlier ?? choice) === choice, votes: this.query(choice) };
  }

  query(choice: string): number {
    return this.#votes.get(choice) ?? 0;
  }

  /** All of the state, for snapshots; `fromJSON` brings it back. */
  toJSON(): unknown {
    return { votes: [...this.#votes], choices: [...this.#choices] };
  }

  fromJSON(state: unknown): void {
    const { votes, choices } = state as {
      votes: [string, number][];
      choices: [string, string][];
    };
    this.#votes = new Map(votes);
    this.#choices = new Map(choices);
  }

  /** Refuses what is no vote, before it is replicated. */
  checkCommand(command: unknown): void {
    const { voter, choice } = (command ?? {}) as Partial<Record<keyof Vote, unknown>>;
    for (const [name, text] of Object.entries({ voter, choice })) {
      if (typeof text === 'string' && text !== '' && text.length <= 100) continue;
      throw new Error(`${name} must be a text of 1 to 100 characters`);
    }
  }
}
