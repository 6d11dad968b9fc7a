import type { AddressOf, MemberStep, MembershipPort } from '@quorate/server/core';
import type { InProcessGroup } from '../../in-process-node.ts';

/** Changes the configuration of a group in this process at once, unless it is told to fail. */
export class FakeMembership implements MembershipPort {
  readonly #group: InProcessGroup;
  readonly changes: { readonly steps: readonly MemberStep[]; readonly conditions: object }[] = [];
  /** What every change ends with, when not null. */
  failure: Error | null = null;
  /** Whoever was asked for a change is gone, before or after it was made: nobody answers. */
  silence: 'before' | 'after' | null = null;
  readonly described: AddressOf[] = [];
  readonly disconnected = new Set<number>();
  readonly progress = new Map<number, number>();
  #lastId = 1000;

  constructor(group: InProcessGroup) {
    this.#group = group;
  }

  change: MembershipPort['change'] = (steps, conditions, done) => {
    this.changes.push({ steps, conditions });
    if (this.failure === null && this.silence !== 'before') {
      for (const step of steps) this.#take(step);
    }
    if (this.silence === null) done(this.failure);
  };

  describe: MembershipPort['describe'] = (members, done) => {
    for (const { id, address } of members) this.#describe(id, { address });
    this.described.push(...members);
    done();
  };

  progressOf = (id: number): number | null => this.progress.get(id) ?? null;

  isConnected = (id: number): boolean => !this.disconnected.has(id);

  peerUrlsOf = (id: number): readonly string[] => {
    const address = this.#group.configuration.members.find((one) => one.id === id)?.address ?? '';
    return address === '' ? [] : [`http://${address}`];
  };

  newId = (): number => ++this.#lastId;

  #take(step: MemberStep): void {
    const { id } = step;
    const { voters, learners, members } = this.#group.configuration;
    const others = {
      voters: voters.filter((one) => one !== id),
      learners: learners.filter((one) => one !== id),
    };
    if (step.kind === 'addLearner') {
      this.#set({ learners: [...learners, id] });
      this.#describe(id, step.member);
    } else if (step.kind === 'addVoter') {
      this.#set({ ...others, voters: [...others.voters, id] });
    } else this.#set({ ...others, members: members.filter((one) => one.id !== id) });
  }

  #describe(id: number, told: { readonly address: string; readonly promote?: boolean }): void {
    const { members } = this.#group.configuration;
    const fresh = { id, incarnation: 0, locality: '', priority: 0, witness: false, promote: false };
    const known = members.find((one) => one.id === id) ?? fresh;
    this.#set({ members: [...members.filter((one) => one.id !== id), { ...known, ...told }] });
  }

  #set(changed: Partial<InProcessGroup['configuration']>): void {
    this.#group.configuration = { ...this.#group.configuration, ...changed };
  }
}
