import type { Logger } from '@quorate/base';
import type { PeerView } from '@quorate/raft';
import type { NodeId } from '@quorate/schema';

/**
 * Says once of each follower that it has lost what it acknowledged and does not know it: it is sent
 * nothing and counts for nothing, and somebody has to look at its disk (bug 9).
 */
export class RegressedPeers {
  readonly #group: string;
  readonly #logger: Logger;
  readonly #known = new Set<NodeId>();

  constructor(group: string, logger: Logger) {
    this.#group = group;
    this.#logger = logger;
  }

  look(peers: readonly Pick<PeerView, 'id' | 'regressed' | 'matchIndex'>[]): void {
    for (const { id, regressed, matchIndex } of peers) {
      if (!regressed) this.#known.delete(id);
      if (!regressed || this.#known.has(id)) continue;
      this.#known.add(id);
      this.#logger.error('peer has lost entries that it acknowledged', {
        group: this.#group,
        peer: id,
        acknowledged: matchIndex,
        advice: 'its disk loses writes: replace it, remove the node, then add it anew',
      });
    }
  }
}
