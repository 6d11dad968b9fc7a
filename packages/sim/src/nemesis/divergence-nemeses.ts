import type { Prng } from '@quorate/base';
import type { GroupId, NodeId } from '@quorate/schema';
import type { SimulatedCluster } from '../simulated-cluster.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import type { Nemesis } from './nemesis.ts';

/** Between two looks at who leads. */
const watchMs = 5;
/** After so long without a successor a leader is no longer kept from the others. */
const patienceMs = 6000;

/**
 * Leaders one after another are cut off in the middle of a burst of commands, each until the next
 * one has been cut off in its turn: several logs end in entries that no other has, of several terms
 * and lengths, and whoever stands for election next has met some of them and not the others (paper,
 * figure 7).
 */
export const divergingLeaders: Nemesis = {
  name: 'diverging-leaders',
  strike(cluster, prng) {
    const led = cluster.options.groups.filter(({ id }) => leaderOf(cluster, id) !== null);
    if (led.length === 0) return false;
    // Clients use the first; what the others have is a few entries of their own.
    const group = prng.chance(0.85) ? led[0] : prng.pick(led);
    new Divergence(cluster, prng, group?.id ?? 0, prng.pick([1, 2, 3, 5])).begin();
    return true;
  },
};

/** Of those that believe to lead the group, the one of the latest term. */
function leaderOf(cluster: SimulatedCluster, group: GroupId): SimulatedNode | null {
  let newest: SimulatedNode | null = null;
  let newestTerm = 0;
  for (const node of cluster.nodes) {
    const status = node.host?.group(group).status();
    if (status?.role !== 'leader' || status.term <= newestTerm) continue;
    newest = node;
    newestTerm = status.term;
  }
  return newest;
}

class Divergence {
  readonly #cluster: SimulatedCluster;
  readonly #prng: Prng;
  readonly #group: GroupId;
  #roundsLeft: number;
  /** Who is kept from all others now. */
  #apart: SimulatedNode | null = null;
  readonly #cutOff = new Set<SimulatedNode>();
  #isOver = false;

  constructor(cluster: SimulatedCluster, prng: Prng, group: GroupId, rounds: number) {
    this.#cluster = cluster;
    this.#prng = prng;
    this.#group = group;
    this.#roundsLeft = rounds;
  }

  begin(): void {
    this.#cutOffLeader();
    this.#cluster.endLater(this.#roundsLeft * patienceMs, () => this.#end());
  }

  #cutOffLeader(): void {
    const leader = leaderOf(this.#cluster, this.#group);
    if (leader === null) {
      this.#later(watchMs, () => this.#cutOffLeader());
      return;
    }
    const prng = this.#prng;
    const before = this.#apart;
    this.#apart = leader;
    // What it is sent just before may be under way to some of the others.
    if (prng.chance(0.4)) this.#burst(leader.id);
    const cutInMs = prng.pick([0, 0, 1, 5]);
    this.#later(cutInMs, () => {
      this.#partition(leader);
      if (before !== null && before !== leader) this.#rejoin(before, leader);
      for (let bursts = prng.between(0, 4); bursts > 0; bursts--) {
        this.#later(prng.between(0, 150), () => this.#burst(leader.id));
      }
      this.#awaitSuccessor(leader, this.#cluster.scheduler.nowMs + patienceMs);
    });
  }

  #burst(node: NodeId): void {
    if (this.#group !== this.#cluster.options.groups[0]?.id) return;
    this.#cluster.options.burst?.(node, this.#prng.pick([1, 3, 12, 40]), this.#prng.fork());
  }

  /** @param deadlineMs of what may be waited for */
  #awaitSuccessor(old: SimulatedNode, deadlineMs: number): void {
    const found = leaderOf(this.#cluster, this.#group);
    const isLate = this.#cluster.scheduler.nowMs >= deadlineMs;
    if (!isLate && (found === null || found === old)) {
      this.#later(watchMs, () => this.#awaitSuccessor(old, deadlineMs));
      return;
    }
    this.#roundsLeft -= 1;
    // Time for nothing, for its first entry, or for a few commands.
    const graceMs = this.#prng.pick([0, 2, 10, 40, 200]);
    this.#later(graceMs, () => {
      if (this.#roundsLeft > 0) this.#cutOffLeader();
      else this.#end();
    });
  }

  #partition(node: SimulatedNode): void {
    this.#cutOff.add(node);
    const mode = this.#prng.chance(0.7) ? 'stall' : 'break';
    for (const other of this.#cluster.nodes) {
      if (other !== node) this.#cluster.network.partition(node.id, other.id, { mode });
    }
  }

  #rejoin(node: SimulatedNode, apart: SimulatedNode | null): void {
    this.#cutOff.delete(node);
    for (const other of this.#cluster.nodes) {
      if (other !== node && other !== apart) this.#cluster.network.heal(node.id, other.id);
    }
  }

  #later(delayMs: number, next: () => void): void {
    this.#cluster.scheduler.schedule(delayMs, () => {
      if (!this.#isOver) next();
    });
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const node of this.#cutOff) this.#rejoin(node, null);
  }
}

/** What one kind of message says arrives again later, behind what newer ones have said. */
export const lateRepetitions: Nemesis = {
  name: 'late-repetitions',
  strike(cluster, prng) {
    Object.assign(cluster.messageFaults, {
      repeatLate: prng.pick([0.1, 0.5]),
      drop: prng.pick([0, 0, 0.05]),
      delay: prng.pick([0, 0.1, 0.4]),
      maxDelayMs: prng.pick([10, 100, 1000]),
      only: prng.pick([
        'AppendEntries',
        'AppendEntries',
        'AppendEntriesResponse',
        'HeartbeatResponse',
        'RequestVoteResponse',
        null,
      ] as const),
    });
    cluster.endLater(prng.between(500, 5000), () => cluster.endMessageFaults());
    return true;
  },
};
