import { type Address, formatAddress, parseAddress } from '@quorate/base';
import type { MembershipStep } from '@quorate/raft';
import type { GroupHandle, Runtime } from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';
import { Enquirer, type ListeningPeerLinks } from '@quorate/transport';
import { type AskDone, ClusterAsker } from './enquiries/cluster-asker.ts';
import type { ClusterDescription, ClusterRequest } from './enquiries/messages.ts';
import type { Host, HostOptions, HostTuning, JoinOptions, MembersDone } from './host.ts';
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
  readonly links: ListeningPeerLinks;
  readonly incarnation: number;
  readonly release: () => void;
}

export class RunningHost implements Host {
  readonly runtime: Runtime;
  readonly #options: HostOptions;
  readonly #parts: HostParts;
  readonly #enquirer: Enquirer;
  readonly #asker: ClusterAsker;
  readonly #waitingForClose: (() => void)[] = [];
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(options: HostOptions, tuning: HostTuning, maxFrameBytes: number, parts: HostParts) {
    const { ports, clusterId, nodeId } = options;
    this.#options = options;
    this.#parts = parts;
    this.runtime = parts.runtime;
    this.#enquirer = new Enquirer({ ...ports, clusterId, nodeId, maxFrameBytes });
    this.#asker = new ClusterAsker({
      ...ports,
      enquirer: this.#enquirer,
      // A change is answered when it is committed.
      answerTimeoutMs: 2 * tuning.requestTimeoutMs,
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

  group<Result>(id: GroupId): GroupHandle<Result> {
    // Whoever opened the host gave the state machine whose results these are.
    return this.runtime.group(id) as GroupHandle<Result>;
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
    this.#asker.ask({ kind: 'describe' }, contacts, timeoutMs, (error, description) => {
      if (description?.kind !== 'described') {
        done(error, null);
        return;
      }
      this.#meet(description);
      const address = formatAddress(this.#own());
      const node = { id, incarnation, address, locality, promote };
      const leftMs = Math.max(1, deadlineMs - clock.monotonicMs());
      this.#asker.ask({ kind: 'join', group, node }, contacts, leftMs, changed(done));
    });
  }

  /** Whoever leads has to be let in before its first message brings the configuration. */
  #meet({ groups }: ClusterDescription): void {
    for (const { members } of groups) {
      for (const { id, address } of members) {
        if (address !== '') this.#parts.links.setPeer(id, address);
      }
    }
  }

  changeMembers(
    group: GroupId,
    steps: readonly MembershipStep[],
    timeoutMs: number,
    done: MembersDone,
  ): void {
    const request: ClusterRequest = { kind: 'change', group, steps };
    this.#asker.ask(request, this.#contacts(group), timeoutMs, changed(done));
  }

  transferLeadership(
    group: GroupId,
    to: NodeId | null,
    timeoutMs: number,
    done: (error: Error | null) => void,
  ): void {
    const request: ClusterRequest = { kind: 'transfer', group, to: to ?? 0 };
    this.#asker.ask(request, this.#contacts(group), timeoutMs, (error) => done(error));
  }

  #own(): Address {
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
    const others = this.#others(group);
    const isLeader = this.group(group).status().leader === this.nodeId;
    return isLeader ? [this.#own(), ...others] : [...others, this.#own()];
  }

  close(done: () => void): void {
    if (this.#state === 'closed') {
      done();
      return;
    }
    this.#waitingForClose.push(done);
    if (this.#state === 'closing') return;
    this.#state = 'closing';
    this.#enquirer.close();
    this.runtime.stop(() => {
      this.#state = 'closed';
      this.#parts.release();
      for (const callback of this.#waitingForClose) callback();
    });
  }
}

function changed(done: MembersDone): AskDone {
  return (error, answer) => done(error, answer?.kind === 'changed' ? answer.index : null);
}
