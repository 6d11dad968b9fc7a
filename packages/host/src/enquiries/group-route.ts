import { type Address, parseAddress } from '@quorate/base';
import type { LogIndex, NodeId } from '@quorate/schema';
import type { DescribedGroup, DescribedMember } from './messages.ts';

/** Where a group was when it was last located. */
export class GroupRoute {
  readonly #nodeId: NodeId;
  #found: DescribedGroup | null = null;

  constructor(nodeId: NodeId) {
    this.#nodeId = nodeId;
  }

  /** Other members that can be reached: the leader first, those that could not be reached last. */
  get others(): readonly DescribedMember[] {
    const { members = [], leader } = this.#found ?? {};
    return members
      .filter(({ id, address }) => id !== this.#nodeId && parseAddress(address) !== null)
      .sort((a, b) => Number(b.id === leader) - Number(a.id === leader));
  }

  get addresses(): readonly Address[] {
    return this.others
      .map(({ address }) => parseAddress(address))
      .filter((address) => address !== null);
  }

  /** Whether this node is out of the group by a newer configuration than the one at `index`. */
  leavesOut(index: LogIndex): boolean {
    const found = this.#found;
    const isNewer = found !== null && found.index > index;
    return isNewer && !found.members.some(({ id }) => id === this.#nodeId);
  }

  located(found: DescribedGroup): void {
    if (this.#found === null || found.index >= this.#found.index) this.#found = found;
  }

  /** A member has said who leads; 0: it does not know. */
  ledBy(leader: NodeId): void {
    if (leader !== 0 && this.#found !== null) this.#found = { ...this.#found, leader };
  }

  unreachable(node: NodeId): void {
    if (this.#found === null) return;
    const { members, leader } = this.#found;
    const rest = members.filter(({ id }) => id !== node);
    const last = members.filter(({ id }) => id === node);
    this.#found = {
      ...this.#found,
      members: [...rest, ...last],
      leader: leader === node ? 0 : leader,
    };
  }
}
