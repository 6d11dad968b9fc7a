interface Sighting {
  /** A member's id, for its node may not have introduced itself yet; null: it knows of none. */
  readonly leaderId: string | null;
  readonly term: number;
}

export interface Leader {
  readonly node: string;
  readonly term: number;
}

/**
 * Who leads, as far as the living nodes say. Only the newest term in which anybody led counts, for
 * a node that was cut off still names the leader of an old one; and of whether it still leads, a
 * node itself knows best.
 */
export class Leadership {
  readonly #sightings = new Map<string, Sighting>();
  readonly #nodeOfMember = new Map<string, string>();
  #newestLedTerm = 0;

  /** @param node by name, as all nodes here */
  introduce(node: string, memberId: string): void {
    this.#nodeOfMember.set(memberId, node);
    this.#sightings.set(node, { leaderId: null, term: 0 });
  }

  /** What `node` says; not heard before it is introduced. */
  observe(node: string, leaderId: string | null, term: number): void {
    if (!this.#sightings.has(node)) return;
    this.#sightings.set(node, { leaderId, term });
    if (leaderId !== null) this.#newestLedTerm = Math.max(this.#newestLedTerm, term);
  }

  /** The process of `node` has ended: its word no longer counts, nor any that it leads. */
  forget(node: string): void {
    this.#sightings.delete(node);
    for (const [other, sighting] of this.#sightings) {
      if (this.#leaderOf(sighting) !== node) continue;
      this.#sightings.set(other, { leaderId: null, term: sighting.term });
    }
  }

  current(): Leader | null {
    const term = this.#newestLedTerm;
    for (const sighting of this.#sightings.values()) {
      const node = this.#leaderOf(sighting);
      const own = node === null ? undefined : this.#sightings.get(node);
      if (node === null || own === undefined || sighting.term !== term) continue;
      const hasSteppedDown = own.term >= term && this.#leaderOf(own) !== node;
      if (!hasSteppedDown) return { node, term };
    }
    return null;
  }

  /** How many living nodes know of the current leader. */
  get supporters(): number {
    const leader = this.current();
    if (leader === null) return 0;
    const knows = (sighting: Sighting): boolean =>
      sighting.term === leader.term && this.#leaderOf(sighting) === leader.node;
    return [...this.#sightings.values()].filter(knows).length;
  }

  #leaderOf({ leaderId }: Sighting): string | null {
    return leaderId === null ? null : (this.#nodeOfMember.get(leaderId) ?? null);
  }

  /** The highest term that a living node has spoken of; 0 when none has. */
  get term(): number {
    return Math.max(0, ...[...this.#sightings.values()].map(({ term }) => term));
  }
}
