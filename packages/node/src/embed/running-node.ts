import type { Address } from '@quorate/base';
import type { NodeId } from '@quorate/schema';
import type { OpenedMember } from '../member.ts';
import { NodeError } from '../node-error.ts';
import type { RunningGroup } from './group.ts';
import type { IdWatch } from './id-watch.ts';
import type { MachineOf } from './machine-forms.ts';
import type { Group, GroupSources, QuorateNode } from './node.ts';

export class RunningNode<Groups extends GroupSources> implements QuorateNode<Groups> {
  readonly #member: OpenedMember;
  readonly #groups: ReadonlyMap<string, RunningGroup>;
  readonly #idWatch: IdWatch;

  constructor(member: OpenedMember, groups: ReadonlyMap<string, RunningGroup>, idWatch: IdWatch) {
    this.#member = member;
    this.#idWatch = idWatch;
    this.#groups = groups;
  }

  get id(): NodeId {
    return this.#member.nodeId;
  }

  get address(): Address {
    return this.#member.address;
  }

  get groupNames(): readonly string[] {
    return [...this.#groups.keys()];
  }

  group<Name extends keyof Groups & string>(name: Name): Group<MachineOf<Groups[Name]>> {
    const group = this.#groups.get(name);
    if (group !== undefined) {
      // Its machine is the one that was given under this name, whose types these are.
      return group as unknown as Group<MachineOf<Groups[Name]>>;
    }
    const known = this.groupNames.join(', ');
    const message = `there is no group ${JSON.stringify(name)}: this node was opened with ${known}`;
    throw new NodeError('NODE_GROUP_UNKNOWN', message, { group: name });
  }

  async leave(): Promise<void> {
    for (const group of this.#groups.values()) await group.leave(this.id);
    await this.close();
  }

  metricsText(): Promise<string> {
    return this.#member.metricsText();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#groups.values()].map((group) => group.drain()));
    this.#idWatch.close();
    await this.#member.close();
    for (const group of this.#groups.values()) group.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
