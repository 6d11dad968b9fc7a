import { decodeMessage, etcd } from '@quorate/schema';
import type { UnaryDone, UnaryMethod } from './method.ts';
import { malformedRequest } from './rpc-error.ts';
import type { ServiceContext } from './service-context.ts';

/** What one member says of itself. */
export class MaintenanceService {
  readonly #context: ServiceContext;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  methods(): [path: string, method: UnaryMethod][] {
    return [['/etcdserverpb.Maintenance/Status', (request, done) => this.#status(request, done)]];
  }

  #status(request: Uint8Array, done: UnaryDone): void {
    if (decodeMessage(etcd.StatusRequest, request) === null) {
      done(malformedRequest, null);
      return;
    }
    const { group, store, options } = this.#context;
    const { revision, bytes, bytesInUse } = store.stats;
    const { leader, commitIndex, term, appliedIndex, configuration, node } = group.status();
    const answer = {
      version: options.version,
      dbSize: bytes,
      dbSizeInUse: bytesInUse,
      leader: BigInt(leader),
      raftIndex: commitIndex,
      raftTerm: term,
      raftAppliedIndex: appliedIndex,
      errors: leader === 0 ? ['etcdserver: no leader'] : [],
      isLearner: configuration.learners.includes(node),
    };
    this.#context.answer(etcd.StatusResponse, answer, revision, done);
  }
}
