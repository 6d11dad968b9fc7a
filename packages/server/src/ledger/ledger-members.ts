import type { OpenedMember } from '@quorate/node';
import type { GroupHandle } from '@quorate/runtime';
import { type Codec, decodeMessage, etcd, type Init, type NodeId } from '@quorate/schema';
import { AnswerWriter, type ServerIdentity } from '../core/answer-writer.ts';
import type { LedgerResult } from '../core/ledger/ledger-group.ts';
import { apiIdOf, nodeOfApiId } from '../core/member-id.ts';
import { changeFailure } from '../core/membership/change-failure.ts';
import { isLasting, type MemberView, wireMember } from '../core/membership/member-view.ts';
import type { MembershipPort } from '../core/membership/membership-port.ts';
import { addressOfUrl, parsePeerUrls } from '../core/membership/peer-url.ts';
import {
  additionRefusal,
  promotionRefusal,
  removalRefusal,
} from '../core/membership/strict-rules.ts';
import type { UnaryDone, UnaryMethod } from '../core/method.ts';
import { malformedRequest, type RpcError, rpcErrors } from '../core/rpc-error.ts';
import { rpcErrorOfRuntime } from '../core/runtime-failure.ts';

/** As etcd has it unless it is told otherwise. */
const mostLearners = 1;

type ChangeParts = Parameters<OpenedMember['host']['changeMembers']>;

export interface LedgerMembersOptions {
  readonly identity: ServerIdentity;
  readonly group: Pick<GroupHandle<LedgerResult>, 'readBarrier' | 'status'>;
  readonly host: Pick<OpenedMember['host'], 'changeMembers' | 'addressOf'>;
  readonly membership: Pick<MembershipPort, 'describe' | 'isConnected' | 'peerUrlsOf' | 'newId'>;
  /** Of one change. */
  readonly timeoutMs: number;
  /** Of this node, and of those it founded the cluster with: nothing in a ledger says others. */
  readonly names: ReadonlyMap<NodeId, string>;
}

/**
 * Who is a member of a ledger, and changes of that, by the methods that the coordination service
 * has for it. All that is known stands in Raft's configuration, so a member has one peer URL.
 */
export class LedgerMembers {
  readonly #options: LedgerMembersOptions;
  readonly #writer: AnswerWriter;

  constructor(options: LedgerMembersOptions) {
    this.#options = options;
    this.#writer = new AnswerWriter(options.identity);
  }

  /** @returns what a transport calls, by path; `MemberUpdate` is not among them */
  methods(): readonly (readonly [path: string, method: UnaryMethod])[] {
    const service = '/etcdserverpb.Cluster';
    return [
      [`${service}/MemberList`, (request, done) => this.#list(request, done)],
      [`${service}/MemberAdd`, (request, done) => this.#add(request, done)],
      [`${service}/MemberRemove`, (request, done) => this.#remove(request, done)],
      [`${service}/MemberPromote`, (request, done) => this.#promote(request, done)],
    ];
  }

  #list(request: Uint8Array, done: UnaryDone): void {
    const wire = decodeMessage(etcd.MemberListRequest, request);
    const answer = (): void => this.#answer(etcd.MemberListResponse, this.#wire(), done);
    if (wire === null) done(malformedRequest, null);
    else if (wire.linearizable) this.#fresh(done, answer);
    else answer();
  }

  #add(request: Uint8Array, done: UnaryDone): void {
    const wire = decodeMessage(etcd.MemberAddRequest, request);
    const peerUrls = parsePeerUrls(wire?.peerURLs ?? []);
    if (wire === null) done(malformedRequest, null);
    else if (peerUrls === null || peerUrls.length > 1) done(rpcErrors.memberUrlsInvalid, null);
    else this.#fresh(done, () => this.#addAt(peerUrls, wire.isLearner, done));
  }

  #addAt(peerUrls: readonly string[], isLearner: boolean, done: UnaryDone): void {
    const { membership } = this.#options;
    const refusal = additionRefusal(this.#members, isLearner, this.#isConnected);
    if (refusal !== null) {
      done(refusal, null);
      return;
    }
    const id = membership.newId();
    const member = { address: addressOfUrl(peerUrls[0] ?? ''), promote: !isLearner };
    this.#describe(() =>
      this.#change(
        [{ kind: 'addLearner', id, member }],
        isLearner ? { mostLearners } : {},
        done,
        () => {
          const added = { id, name: '', clientUrls: [], peerUrls, isLearner };
          const fields = { ...this.#wire(), member: wireMember(added) };
          this.#answer(etcd.MemberAddResponse, fields, done);
        },
      ),
    );
  }

  #remove(request: Uint8Array, done: UnaryDone): void {
    const wire = decodeMessage(etcd.MemberRemoveRequest, request);
    const id = nodeOfApiId(wire?.ID ?? 0n);
    const judge = (members: readonly MemberView[], removed: MemberView): RpcError | null =>
      removalRefusal(members, removed, this.#isConnected);
    this.#changeOne(wire, id, done, judge, () =>
      this.#change([{ kind: 'remove', id }], {}, done, () =>
        this.#answer(etcd.MemberRemoveResponse, this.#wire(id), done),
      ),
    );
  }

  #promote(request: Uint8Array, done: UnaryDone): void {
    const wire = decodeMessage(etcd.MemberPromoteRequest, request);
    const id = nodeOfApiId(wire?.ID ?? 0n);
    const judge = (members: readonly MemberView[], { isLearner, name }: MemberView) => {
      if (!isLearner) return rpcErrors.memberNotLearner;
      // One that has never started has nothing, and a small log would not show it.
      return name === '' ? rpcErrors.learnerNotReady : promotionRefusal(members);
    };
    this.#changeOne(wire, id, done, judge, () =>
      this.#change([{ kind: 'addVoter', id }], { caughtUp: id }, done, () =>
        this.#answer(etcd.MemberPromoteResponse, this.#wire(), done),
      ),
    );
  }

  #changeOne(
    wire: object | null,
    id: NodeId,
    done: UnaryDone,
    judge: (members: readonly MemberView[], one: MemberView) => RpcError | null,
    change: () => void,
  ): void {
    if (wire === null) {
      done(malformedRequest, null);
      return;
    }
    this.#fresh(done, () => {
      const members = this.#members;
      const found = members.find((one) => one.id === id);
      const refusal = found === undefined ? rpcErrors.memberNotFound : judge(members, found);
      if (refusal === null) change();
      else done(refusal, null);
    });
  }

  /** On whichever node leads; the configuration is known here, too, when `then` is called. */
  #change(
    steps: ChangeParts[1],
    conditions: NonNullable<ChangeParts[4]>,
    done: UnaryDone,
    then: () => void,
  ): void {
    const { host, group, timeoutMs } = this.#options;
    const finished = (error: Error | null): void => {
      if (error !== null) done(changeFailure(error).rpc, null);
      // One that has removed itself gets no news any more.
      else if (steps.some(({ kind, id }) => kind === 'remove' && id === group.status().node))
        then();
      else this.#fresh(done, then);
    };
    host.changeMembers(group.status().group, steps, timeoutMs, finished, conditions);
  }

  /**
   * Founders know each other from their settings; who comes later asks them, and reads the
   * configuration. Only the leader can write it, so where another leads this is left to the asking.
   */
  #describe(then: () => void): void {
    const { host, group, membership } = this.#options;
    const { group: groupId, configuration, role } = group.status();
    const described = new Map(configuration.members.map((one) => [one.id, one.address] as const));
    const unknown = this.#members.flatMap(({ id }) => {
      const address = host.addressOf(groupId, id);
      return address === '' || (described.get(id) ?? '') !== '' ? [] : [{ id, address }];
    });
    if (role === 'leader' && unknown.length > 0) membership.describe(unknown, then);
    else then();
  }

  get #members(): readonly MemberView[] {
    const { configuration } = this.#options.group.status();
    const { voters, votersOutgoing, learners, learnersNext } = configuration;
    const ids = new Set([...voters, ...votersOutgoing, ...learners, ...learnersNext]);
    return [...ids]
      .sort((a, b) => a - b)
      .map((id) => {
        const peerUrls = this.#options.membership.peerUrlsOf(id);
        const isLearner = isLasting(configuration, id);
        return { id, name: this.#nameOf(id), peerUrls, clientUrls: [], isLearner };
      });
  }

  /** @returns its id where no name is known; '' when it has never started */
  #nameOf(id: NodeId): string {
    const { group, names } = this.#options;
    const known = group.status().configuration.members.find((one) => one.id === id);
    const hasStarted = this.#isConnected(id) || (known?.incarnation ?? 0) !== 0;
    return names.get(id) ?? (hasStarted ? apiIdOf(id).toString(16) : '');
  }

  readonly #isConnected = (id: NodeId): boolean => {
    const { membership, group } = this.#options;
    return id === group.status().node || membership.isConnected(id);
  };

  /** @param left who is a member no more, whatever is known here */
  #wire(left: NodeId | null = null): { readonly members: Init<etcd.Member>[] } {
    return { members: this.#members.filter(({ id }) => id !== left).map(wireMember) };
  }

  /** Runs `query` when all that was acknowledged before is known here. */
  #fresh(done: UnaryDone, query: () => void): void {
    this.#options.group.readBarrier((error) => {
      if (error === null) query();
      else done(rpcErrorOfRuntime(error), null);
    });
  }

  #answer<T>(codec: Codec<T>, fields: Init<T>, done: UnaryDone): void {
    done(null, this.#writer.write(codec, fields, 0, this.#options.group.status().term));
  }
}
