import { type Address, formatAddress, parseAddress, present } from '@quorate/base';
import type { LogStore, MembershipStep } from '@quorate/raft';
import { closingError, type GroupHandle, type Runtime, type RuntimeError } from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';
import type { ListeningPeerLinks } from '@quorate/transport';
import type { AskDone } from './enquiries/cluster-asker.ts';
import type { ClusterDesk } from './enquiries/cluster-desk.ts';
import type {
  ChangeConditions,
  ClusterDescription,
  ClusterRequest,
  MetMember,
} from './enquiries/messages.ts';
import { Outreach } from './enquiries/outreach.ts';
import type { Survey } from './enquiries/surveyor.ts';
import type {
  Host,
  HostOptions,
  HostTuning,
  JoinOptions,
  MembersDone,
  ReachableGroup,
} from './host.ts';
import { HostError } from './host-error.ts';

/** A member's address as far as this node knows it: from the log, or given at the start. */
export function addressKnown(
  { members }: HostOptions,
  group: GroupHandle<unknown>,
  id: NodeId,
): string {
  const described = group.status().configuration.members.find((member) => member.id === id);
  if (described !== undefined && described.address !== '') return described.address;
  const given = members.get(id);
  return given === undefined ? '' : formatAddress(given);
}

/** What a host holds while it is open, and gives back at the end. */
export interface HostParts {
  readonly runtime: Runtime;
  readonly logStore: Pick<LogStore, 'writable'>;
  readonly links: ListeningPeerLinks;
  readonly desk: ClusterDesk;
  readonly incarnation: number;
  readonly release: (done: () => void) => void;
}

export class RunningHost implements Host {
  readonly runtime: Runtime;
  readonly #options: HostOptions;
  readonly #parts: HostParts;
  /** What is asked of other nodes. */
  readonly outreach: Outreach;
  readonly #waitingForClose: (() => void)[] = [];
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(options: HostOptions, tuning: HostTuning, maxFrameBytes: number, parts: HostParts) {
    const { runtime, desk } = parts;
    this.#options = options;
    this.#parts = parts;
    this.runtime = runtime;
    this.outreach = new Outreach({
      host: options,
      tuning,
      maxFrameBytes,
      desk,
      group: (id) => runtime.group(id),
      others: (id) => this.#others(id),
      own: () => this.own,
    });
  }

  get nodeId(): NodeId {
    return this.#options.nodeId;
  }

  get incarnation(): number {
    return this.#parts.incarnation;
  }

  get address(): Address {
    return this.#parts.links.address ?? this.#options.listen;
  }

  get writable(): boolean {
    return this.#parts.logStore.writable;
  }

  group<Result>(id: GroupId): GroupHandle<Result> {
    // Whoever opened the host gave the state machine whose results these are.
    return this.runtime.group(id) as GroupHandle<Result>;
  }

  reach(id: GroupId): ReachableGroup {
    return present(this.outreach.reached(id), `group ${id} has a service`);
  }

  survey(group: GroupId | null, done: (survey: Survey) => void): void {
    this.outreach.survey(group, done);
  }

  introduce(
    address: Address,
    group: GroupId,
    members: readonly MetMember[],
    timeoutMs: number,
    done: (error: Error | null, node: MetMember | null) => void,
  ): void {
    this.outreach.introduce(address, group, members, timeoutMs, done);
  }

  release(
    address: Address,
    group: GroupId,
    timeoutMs: number,
    done: (error: Error | null) => void,
  ): void {
    this.outreach.release(address, group, timeoutMs, done);
  }

  join(
    group: GroupId,
    { promote = true, locality = '', contacts: given = [] }: JoinOptions,
    timeoutMs: number,
    done: MembersDone,
  ): void {
    const { nodeId: id, incarnation } = this;
    const { clock } = this.#options.ports;
    const contacts = [...this.#others(group), ...given];
    if (contacts.length === 0) {
      const message = 'this node knows no member to ask: name one it can reach';
      const error = new HostError('HOST_OPTIONS_INVALID', message, { field: 'members' });
      this.#options.ports.timers.defer(() => done(error, null));
      return;
    }
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    this.outreach.asker.ask({ kind: 'describe' }, contacts, timeoutMs, (error, description) => {
      if (description?.kind !== 'described') {
        done(error, null);
        return;
      }
      this.#meet(description);
      const address = formatAddress(this.own);
      const node = { id, incarnation, address, locality, promote };
      const leftMs = Math.max(1, deadlineMs - clock.monotonicMs());
      this.outreach.asker.ask({ kind: 'join', group, node }, contacts, leftMs, changed(done));
    });
  }

  /** Whoever leads has to be let in before its first message brings the configuration. */
  #meet({ groups }: ClusterDescription): void {
    for (const { members } of groups) this.meet(members);
  }

  askAbout(
    group: GroupId,
    voter: NodeId,
    about: NodeId,
    done: (answers: boolean | null) => void,
  ): void {
    const address = parseAddress(this.addressOf(group, voter));
    if (address === null) this.#options.ports.timers.defer(() => done(null));
    else this.outreach.askAbout(address, group, about, done);
  }

  /** Another node asks whether this one is answered by a member of the group. */
  probe(node: NodeId, group: GroupId, done: (answers: boolean | null) => void): void {
    const address = parseAddress(this.addressOf(group, node));
    if (address === null) this.#options.ports.timers.defer(() => done(null));
    else this.outreach.probe(address, node, group, done);
  }

  meet(members: readonly MetMember[]): void {
    for (const { id, address } of members) {
      if (address !== '') this.#parts.links.setPeer(id, address);
    }
  }

  isConnected(node: NodeId): boolean {
    return this.#parts.links.isConnected(node);
  }

  addressOf(group: GroupId, node: NodeId): string {
    return addressKnown(this.#options, this.group(group), node);
  }

  changeMembers(
    group: GroupId,
    steps: readonly MembershipStep[],
    timeoutMs: number,
    done: MembersDone,
    conditions: ChangeConditions = {},
  ): void {
    const request: ClusterRequest = { kind: 'change', group, steps, conditions };
    this.outreach.asker.ask(request, this.#contacts(group), timeoutMs, changed(done));
  }

  transferLeadership(
    group: GroupId,
    to: NodeId | null,
    timeoutMs: number,
    done: (error: Error | null) => void,
  ): void {
    const request: ClusterRequest = { kind: 'transfer', group, to: to ?? 0 };
    this.outreach.asker.ask(request, this.#contacts(group), timeoutMs, (error) => done(error));
  }

  /** Where peers are told to reach it. */
  get own(): Address {
    const given = this.#options.members.get(this.nodeId);
    return given === undefined || given.port === 0 ? this.address : given;
  }

  /** Members that may be asked, the leader first if it is known. */
  #others(group: GroupId): readonly Address[] {
    const handle = this.group(group);
    const { leader, configuration } = handle.status();
    const { voters, votersOutgoing } = configuration;
    const given = this.#options.members.keys();
    return [...new Set([leader, ...voters, ...votersOutgoing, ...given])]
      .filter((id) => id !== 0 && id !== this.nodeId)
      .map((id) => parseAddress(addressKnown(this.#options, handle, id)))
      .filter((address) => address !== null);
  }

  #contacts(group: GroupId): readonly Address[] {
    const others = this.outreach.contacts(group);
    const isLeader = this.group(group).status().leader === this.nodeId;
    return isLeader ? [this.own, ...others] : [...others, this.own];
  }

  close(done: () => void): void {
    this.end(closingError(), done);
  }

  /** As `close`; `reason` is what whoever still asks is told. */
  end(reason: RuntimeError, done: () => void): void {
    if (this.#state === 'closed') {
      done();
      return;
    }
    this.#waitingForClose.push(done);
    if (this.#state === 'closing') return;
    this.#state = 'closing';
    this.outreach.close(reason);
    this.runtime.stop(() => {
      this.#parts.release(() => {
        this.#state = 'closed';
        for (const callback of this.#waitingForClose) callback();
      });
    });
  }
}

function changed(done: MembersDone): AskDone {
  return (error, answer) => done(error, answer?.kind === 'changed' ? answer.index : null);
}
