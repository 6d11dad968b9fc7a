import { type Prng, present } from '@quorate/base';
import type { MembershipChange } from '@quorate/raft';
import type { GroupHandle, RaftView } from '@quorate/runtime';
import type { GroupId } from '@quorate/schema';
import type { SimulatedCluster } from '../simulated-cluster.ts';
import type { SimulatedNode } from '../simulated-node.ts';

/** Between two attempts, and two looks at how far it has come. */
const pauseMs = 40;
/** An attempt without an answer is given up: its node may be gone. */
const attemptMs = 2000;

type Step = MembershipChange['steps'][number];

/**
 * What an operator does about a machine that is gone for good: takes the node out of every group,
 * starts another machine under its name, and takes that in again, as a learner that is promoted
 * once it has caught up or as a voter at once. Goes on, whatever fails meanwhile, until it is done.
 */
export class Replacement {
  readonly #cluster: SimulatedCluster;
  readonly #node: SimulatedNode;
  readonly #asLearner: boolean;
  readonly #left = new Set<GroupId>();
  #isReplaced = false;

  constructor(cluster: SimulatedCluster, node: SimulatedNode, prng: Prng) {
    this.#cluster = cluster;
    this.#node = node;
    this.#asLearner = prng.chance(0.75);
  }

  begin(): void {
    this.#node.isBeingMended = true;
    this.#takeOut();
  }

  #takeOut(): void {
    this.#inAllGroups(
      (group) => this.#change(group, { kind: 'remove', id: this.#node.id }),
      () => this.#takeIn(),
    );
  }

  #takeIn(): void {
    if (!this.#isReplaced) {
      this.#cluster.replaceMachine(this.#node);
      this.#cluster.start(this.#node);
    }
    this.#isReplaced = true;
    const { id } = this.#node;
    const step: Step = this.#asLearner
      ? { kind: 'addLearner', id, member: { promote: true } }
      : { kind: 'addVoter', id };
    this.#inAllGroups(
      (group) => this.#change(group, step),
      () => this.#awaitVoter(),
    );
  }

  #awaitVoter(): void {
    const { groups } = this.#cluster.options;
    if (groups.some(({ id }) => this.#isMistaken(id))) {
      this.#takeOut();
      return;
    }
    const isIn = groups.every(({ id }) => this.#isIn(id));
    if (!isIn) {
      this.#later(() => this.#awaitVoter());
      return;
    }
    this.#node.isBeingMended = false;
    this.#node.mayBeDamaged = false;
  }

  /** Whether it is a voter, and has itself committed what made it one. */
  #isIn(group: GroupId): boolean {
    const leader = this.#replicaOfLeader(group);
    if (leader === null) return false;
    const { voters, votersOutgoing } = leader.configuration;
    const isVoter = voters.includes(this.#node.id) && votersOutgoing.length === 0;
    const committed = this.#node.replicas.get(group)?.commitIndex ?? 0;
    return isVoter && committed >= leader.configurationIndex;
  }

  #replicaOfLeader(group: GroupId): RaftView | null {
    const leader = this.#leaderOf(group)?.status().node;
    return leader === undefined ? null : (this.#cluster.node(leader).replicas.get(group) ?? null);
  }

  /**
   * The leader takes the new machine for one that has lost its data: it was told of the old one
   * last when the node was added. Its advice is to remove and add it again.
   */
  #isMistaken(group: GroupId): boolean {
    return this.#replicaOfLeader(group)?.isImpostor(this.#node.id) ?? false;
  }

  /** Has `attempt` done in each group, in all of them at a time, then goes on. */
  #inAllGroups(
    attempt: (group: GroupHandle<unknown>) => (done: (isDone: boolean) => void) => void,
    next: () => void,
  ): void {
    const { groups } = this.#cluster.options;
    for (const { id } of groups) this.#left.add(id);
    const tryIn = (id: GroupId): void => {
      const leader = this.#leaderOf(id);
      if (leader === null) {
        this.#later(() => tryIn(id));
        return;
      }
      let isAnswered = false;
      const answered = (isDone: boolean): void => {
        if (isAnswered) return;
        isAnswered = true;
        if (!isDone) {
          this.#later(() => tryIn(id));
          return;
        }
        this.#left.delete(id);
        if (this.#left.size === 0) next();
      };
      attempt(leader)(answered);
      this.#cluster.scheduler.schedule(attemptMs, () => answered(false));
    };
    for (const { id } of groups) tryIn(id);
  }

  #change(group: GroupHandle<unknown>, step: Step): (done: (isDone: boolean) => void) => void {
    return (done) => group.changeMembership({ steps: [step] }, (error) => done(error === null));
  }

  /** Not the node that is lost; once it has been taken in again it may well lead. */
  #leaderOf(id: GroupId): GroupHandle<unknown> | null {
    const leaders = this.#cluster.nodes.flatMap((node) => {
      const isLost = node === this.#node && !this.#isReplaced;
      const group = isLost ? null : node.host?.group(id);
      return group?.status().role === 'leader' ? [group] : [];
    });
    // Of two, one does not know yet; the other commits what it is asked.
    leaders.sort((a, b) => b.status().term - a.status().term);
    return leaders.length === 0 ? null : present(leaders[0], 'there is a first');
  }

  #later(next: () => void): void {
    this.#cluster.scheduler.schedule(pauseMs, next);
  }
}
