import { decodeMessage, etcd, type Init, type NodeId } from '@quorate/schema';
import type { CallContext, UnaryDone, UnaryMethod } from './method.ts';
import { malformedRequest } from './rpc-error.ts';
import type { ServiceContext } from './service-context.ts';

/** Who is a member, and where. */
export class ClusterService {
  readonly #context: ServiceContext;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  methods(): [path: string, method: UnaryMethod][] {
    return [
      [
        '/etcdserverpb.Cluster/MemberList',
        (request, done, call) => this.#list(request, done, call),
      ],
    ];
  }

  #list(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.MemberListRequest, request);
    if (wire === null) done(malformedRequest, null);
    else if (wire.linearizable) this.#context.linearizable(done, () => this.#answer(done, call));
    else this.#answer(done, call);
  }

  #answer(done: UnaryDone, call: CallContext): void {
    const refusal = this.#context.guard.userRefusal(call);
    if (refusal !== null) {
      done(refusal, null);
      return;
    }
    const { voters, votersOutgoing, learners } = this.#context.group.status().configuration;
    const ids = new Set([...voters, ...votersOutgoing, ...learners]);
    const members = [...ids].map((id) => this.#member(id, learners.includes(id)));
    this.#context.answer(etcd.MemberListResponse, { members }, 0, done);
  }

  #member(id: NodeId, isLearner: boolean): Init<etcd.Member> {
    const { machine, peerUrls } = this.#context.options;
    const attributes = machine.attributesOf(id);
    return {
      ID: BigInt(id),
      name: attributes?.name ?? '',
      peerURLs: peerUrls.get(id) ?? [],
      clientURLs: attributes?.clientUrls ?? [],
      isLearner,
    };
  }
}
