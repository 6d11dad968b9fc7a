import type { KvStateMachine } from '@quorate/kv';
import type { GroupHandle, GroupStatus, RuntimeError } from '@quorate/runtime';
import type { Codec, Init, NodeId } from '@quorate/schema';
import { AnswerWriter, type ServerIdentity } from './answer-writer.ts';
import type { EtcdResult, EtcdStateMachine } from './etcd-state-machine.ts';
import type { UnaryDone } from './method.ts';
import { rpcErrorOfRuntime } from './runtime-failure.ts';

/** What the services ask of the group they serve. */
export type ServedGroup = Pick<
  GroupHandle<EtcdResult>,
  'propose' | 'readBarrier' | 'status' | 'onLeadership'
>;

/** What the etcd services answer from. */
export interface ServiceOptions {
  readonly identity: ServerIdentity;
  readonly group: ServedGroup;
  readonly machine: EtcdStateMachine;
  /** The store inside `machine`. */
  readonly store: KvStateMachine;
  /** Of every member that may appear in the configuration. */
  readonly peerUrls: ReadonlyMap<NodeId, readonly string[]>;
  /** What this server says it is: the release of the API it follows, dotted numbers only. */
  readonly version: string;
  /** The largest command that may be proposed. */
  readonly maxCommandBytes: number;
}

/** What the methods of all services share: the state they read, and how they answer. */
export class ServiceContext {
  readonly options: ServiceOptions;
  readonly group: ServedGroup;
  readonly store: KvStateMachine;
  readonly #writer: AnswerWriter;
  #leadership: GroupStatus;

  constructor(options: ServiceOptions) {
    this.options = options;
    this.group = options.group;
    this.store = options.store;
    this.#writer = new AnswerWriter(options.identity);
    this.#leadership = options.group.status();
    // Kept, so that not every answer has to ask the group for its whole status.
    options.group.onLeadership((status) => {
      this.#leadership = status;
    });
  }

  /** Term, role and leader are up to date; what else is in it is as of the last change of those. */
  get leadership(): GroupStatus {
    return this.#leadership;
  }

  /** @param revision 0 where the answer's header has none */
  answer<T>(codec: Codec<T>, message: Init<T>, revision: number, done: UnaryDone): void {
    done(null, this.#writer.write(codec, message, revision, this.#leadership.term));
  }

  /** Runs `query` on a state that reflects everything acknowledged before the call. */
  linearizable(done: UnaryDone, query: () => void): void {
    this.group.readBarrier((error: RuntimeError | null) => {
      if (error !== null) done(rpcErrorOfRuntime(error), null);
      else query();
    });
  }
}
