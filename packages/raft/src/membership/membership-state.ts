import { assert } from '@quorate/base';
import type { Configuration, Entry, LogIndex, NodeId, SnapshotMeta } from '@quorate/schema';
import { decodeConfiguration, EntryKind } from '@quorate/schema';
import { checkConfiguration } from './check-configuration.ts';
import { ConfigurationHistory } from './configuration-history.ts';
import { isVoter, membersOf } from './members.ts';
import { Membership } from './membership.ts';

/**
 * The configurations of one replica's log, which of them is in force, and which peers are not who
 * the one in force says they are.
 */
export class MembershipState {
  readonly #nodeId: NodeId;
  readonly #history: ConfigurationHistory;
  #inForce: Membership;
  /** As the nodes themselves say, the newest of each. */
  readonly #told = new Map<NodeId, number>();
  /** Of members whose incarnation is not recorded: the first that was told since they are. */
  readonly #firstTold = new Map<NodeId, number>();
  #impostors: ReadonlySet<NodeId> = new Set();
  #unrecorded: ReadonlyMap<NodeId, number> = new Map();

  /** @param incarnation this node's own; 0: it does not say */
  constructor(
    nodeId: NodeId,
    incarnation: number,
    snapshot: SnapshotMeta,
    entries: readonly Entry[],
  ) {
    this.#nodeId = nodeId;
    if (incarnation !== 0) this.#told.set(nodeId, incarnation);
    this.#history = new ConfigurationHistory(snapshot.index, snapshot.configuration);
    for (const entry of entries) if (entry.index > snapshot.index) this.#note(entry);
    this.#inForce = this.#work();
    this.#compareIncarnations();
  }

  get inForce(): Membership {
    return this.#inForce;
  }

  /** The configuration in force at an index of the log or of the snapshot before it. */
  at(index: LogIndex): Configuration {
    return this.#history.at(index);
  }

  /** @returns whether another configuration is in force now; as the next three */
  appended(entries: readonly Entry[]): boolean {
    let changed = false;
    for (const entry of entries) changed = this.#note(entry) || changed;
    return changed && this.#update();
  }

  truncatedAfter(index: LogIndex): boolean {
    if (this.#inForce.index <= index) return false;
    this.#history.truncatedAfter(index);
    return this.#update();
  }

  reset(snapshot: SnapshotMeta): boolean {
    this.#history.reset(snapshot.index, snapshot.configuration);
    return this.#update();
  }

  compactedTo(index: LogIndex): void {
    this.#history.compactedTo(index);
  }

  /**
   * Whether this node may be a voter of a configuration in use: the one in force, or an earlier one
   * while that is not committed. Its vote for itself may be needed until then (dissertation 4.2.2).
   */
  isOrWasVoter(commitIndex: LogIndex): boolean {
    const { isVoter: isNow, index } = this.#inForce;
    return isNow || (index > commitIndex && isVoter(this.at(commitIndex), this.#nodeId));
  }

  /**
   * A peer has said which incarnation it is; 0: it does not say.
   *
   * @returns whether it had said something else before
   */
  peerIncarnation(peer: NodeId, incarnation: number): boolean {
    const before = this.#told.get(peer) ?? 0;
    if (incarnation === 0) this.#told.delete(peer);
    else this.#told.set(peer, incarnation);
    this.#compareIncarnations();
    return before !== 0 && before !== incarnation;
  }

  /** Incarnations that members have told and the configuration does not know. */
  get unrecorded(): ReadonlyMap<NodeId, number> {
    return this.#unrecorded;
  }

  /**
   * Whether the node is not the one that the configuration means: its data was lost and with it
   * what it had promised, so neither its votes nor its acknowledgements count (bug 20).
   */
  isImpostor(id: NodeId): boolean {
    return this.#impostors.size > 0 && this.#impostors.has(id);
  }

  #note(entry: Entry): boolean {
    if (entry.kind !== EntryKind.configuration) return false;
    const configuration = decodeConfiguration(entry.data);
    const problem = checkConfiguration(configuration);
    assert(problem === null, `the configuration at ${entry.index} is sound: ${problem}`);
    this.#history.appended(entry.index, configuration);
    return true;
  }

  #work(): Membership {
    const { currentIndex, current } = this.#history;
    return new Membership(this.#nodeId, currentIndex, current);
  }

  #update(): true {
    this.#inForce = this.#work();
    this.#compareIncarnations();
    return true;
  }

  #compareIncarnations(): void {
    const impostors = new Set<NodeId>();
    const unrecorded = new Map<NodeId, number>();
    const members = membersOf(this.#inForce.configuration);
    for (const [id, incarnation] of this.#told) {
      if (!members.includes(id)) {
        this.#firstTold.delete(id);
        continue;
      }
      let expected = this.#inForce.member(id)?.incarnation ?? 0;
      if (expected === 0) {
        expected = this.#firstTold.get(id) ?? incarnation;
        this.#firstTold.set(id, expected);
        unrecorded.set(id, expected);
      }
      if (expected !== incarnation) impostors.add(id);
    }
    this.#impostors = impostors;
    this.#unrecorded = unrecorded;
  }
}
