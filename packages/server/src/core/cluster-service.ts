import { type Codec, decodeMessage, etcd, type Init } from '@quorate/schema';
import { nodeOfApiId } from './member-id.ts';
import { MemberChanges } from './membership/member-changes.ts';
import { type MemberView, wireMember } from './membership/member-view.ts';
import { parsePeerUrls } from './membership/peer-url.ts';
import type { CallContext, UnaryDone, UnaryMethod } from './method.ts';
import { malformedRequest, type RpcError, rpcErrors } from './rpc-error.ts';
import type { ServiceContext } from './service-context.ts';

/** Who is a member, and where; and changes of both. */
export class ClusterService {
  readonly #context: ServiceContext;
  readonly #changes: MemberChanges;

  constructor(context: ServiceContext) {
    this.#context = context;
    this.#changes = new MemberChanges(context);
  }

  methods(): [path: string, method: UnaryMethod][] {
    const service = '/etcdserverpb.Cluster';
    return [
      [`${service}/MemberList`, (request, done, call) => this.#list(request, done, call)],
      [`${service}/MemberAdd`, (request, done, call) => this.#add(request, done, call)],
      [`${service}/MemberRemove`, (request, done, call) => this.#remove(request, done, call)],
      [`${service}/MemberUpdate`, (request, done, call) => this.#update(request, done, call)],
      [`${service}/MemberPromote`, (request, done, call) => this.#promote(request, done, call)],
    ];
  }

  #list(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.MemberListRequest, request);
    const answer = (): void => {
      const refusal = this.#context.guard.userRefusal(call);
      if (refusal === null) this.#answer(etcd.MemberListResponse, this.#members, done);
      else done(refusal, null);
    };
    if (wire === null) done(malformedRequest, null);
    else if (wire.linearizable) this.#context.linearizable(done, answer);
    else answer();
  }

  #add(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.MemberAddRequest, request);
    const peerUrls = wire === null ? null : parsePeerUrls(wire.peerURLs);
    this.#asAdmin(call, done, refusalOf(wire, peerUrls), () => {
      const isLearner = wire?.isLearner === true;
      this.#changes.add(peerUrls ?? [], isLearner, (error, id) => {
        if (error !== null) {
          done(error, null);
          return;
        }
        // The configuration may have been changed on another node, and not be known here yet.
        this.#context.linearizable(done, () => {
          const added = { id, name: '', clientUrls: [], peerUrls: peerUrls ?? [], isLearner };
          const fields = { ...this.#members, member: wireMember(added) };
          this.#answer(etcd.MemberAddResponse, fields, done);
        });
      });
    });
  }

  #remove(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.MemberRemoveRequest, request);
    const id = nodeOfApiId(wire?.ID ?? 0n);
    this.#asAdmin(call, done, refusalOf(wire), () => {
      this.#changes.remove(id, (error) => {
        const staying = this.#changes.members.filter((one) => one.id !== id);
        this.#finish(error, etcd.MemberRemoveResponse, wireOf(staying), done);
      });
    });
  }

  #update(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.MemberUpdateRequest, request);
    const peerUrls = wire === null ? null : parsePeerUrls(wire.peerURLs);
    this.#asAdmin(call, done, refusalOf(wire, peerUrls), () => {
      this.#changes.update(nodeOfApiId(wire?.ID ?? 0n), peerUrls ?? [], (error) =>
        this.#finish(error, etcd.MemberUpdateResponse, this.#members, done),
      );
    });
  }

  #promote(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.MemberPromoteRequest, request);
    this.#asAdmin(call, done, refusalOf(wire), () => {
      this.#changes.promote(nodeOfApiId(wire?.ID ?? 0n), (error) => {
        if (error !== null) done(error, null);
        else {
          this.#context.linearizable(done, () =>
            this.#answer(etcd.MemberPromoteResponse, this.#members, done),
          );
        }
      });
    });
  }

  /** On a state, and a configuration, that is as new as the call. */
  #asAdmin(call: CallContext, done: UnaryDone, malformed: RpcError | null, act: () => void): void {
    const refusal = malformed ?? this.#context.guard.adminRefusal(call);
    if (refusal === null) this.#context.linearizable(done, act);
    else done(refusal, null);
  }

  get #members(): { readonly members: Init<etcd.Member>[] } {
    return wireOf(this.#changes.members);
  }

  #finish<T>(error: RpcError | null, codec: Codec<T>, fields: Init<T>, done: UnaryDone): void {
    if (error === null) this.#answer(codec, fields, done);
    else done(error, null);
  }

  #answer<T>(codec: Codec<T>, fields: Init<T>, done: UnaryDone): void {
    this.#context.answer(codec, fields, 0, done);
  }
}

function wireOf(members: readonly MemberView[]): { readonly members: Init<etcd.Member>[] } {
  return { members: members.map(wireMember) };
}

/** @param peerUrls null: they are none; left out: there need not be any */
function refusalOf(wire: object | null, peerUrls?: readonly string[] | null): RpcError | null {
  if (wire === null) return malformedRequest;
  return peerUrls === null ? rpcErrors.memberUrlsInvalid : null;
}
