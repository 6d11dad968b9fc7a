import type { Clock, Crypto, Timers } from '@quorate/base';
import type { HostTuning } from '@quorate/host';
import type { KvStateMachine } from '@quorate/kv';
import type { GroupHandle, GroupStatus, RuntimeError } from '@quorate/runtime';
import type { Codec, Init } from '@quorate/schema';
import { AnswerWriter, type ServerIdentity } from './answer-writer.ts';
import { AuthGuard } from './auth/auth-guard.ts';
import type { AuthPorts } from './auth/auth-ports.ts';
import type { AuthStore } from './auth/auth-store.ts';
import type { AutoCompaction } from './auto-compaction/auto-compaction.ts';
import type { EtcdResult, EtcdStateMachine } from './etcd-state-machine.ts';
import type { MembershipPort } from './membership/membership-port.ts';
import type { UnaryDone } from './method.ts';
import { rpcErrorOfRuntime } from './runtime-failure.ts';
import { SpaceQuota } from './space-quota.ts';
import { Sweeper } from './sweeper.ts';
import type { WatchTuning } from './watch/watch-service.ts';

/** What the services ask of the group they serve. */
export type ServedGroup = Pick<
  GroupHandle<EtcdResult>,
  'propose' | 'readBarrier' | 'status' | 'onLeadership' | 'transferLeadership'
>;

/** What the etcd services answer from. */
export interface ServiceOptions {
  readonly identity: ServerIdentity;
  readonly group: ServedGroup;
  readonly machine: EtcdStateMachine;
  /** The store inside `machine`. */
  readonly store: KvStateMachine;
  readonly membership: MembershipPort;
  /** Whether the leader gives learners a vote once they have caught up. */
  readonly autoPromoteLearners?: boolean;
  /** What this server says it is: the release of the API it follows, dotted numbers only. */
  readonly version: string;
  /** The largest command that may be proposed. */
  readonly maxCommandBytes: number;
  /** How large the store may grow, as its `stats.bytes` counts; 0: without bound. */
  readonly quotaBytes: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Timers;
  readonly crypto: Pick<Crypto, 'sha256'>;
  /** Without it there are no methods for users and tokens. */
  readonly auth?: AuthPorts;
  /** In one list of a transaction; 128 when left out. */
  readonly maxTxnOperations?: number;
  /** Without it history is kept until somebody compacts it. */
  readonly autoCompaction?: AutoCompaction;
  /** What of the watches is not as usual. */
  readonly watch?: Partial<WatchTuning>;
  /** As the members' hosts have it. */
  readonly tuning: Pick<HostTuning, 'electionTimeoutMs' | 'maxClockDrift'>;
}

/** What the methods of all services share: the state they read, and how they answer. */
export class ServiceContext {
  readonly options: ServiceOptions;
  readonly group: ServedGroup;
  readonly store: KvStateMachine;
  /** Users and roles. */
  readonly auth: AuthStore;
  /** Every method asks it whether the caller may. */
  readonly guard: AuthGuard;
  /** Every method that proposes asks it whether there is room. */
  readonly quota: SpaceQuota;
  /** Frees what compactions left. */
  readonly sweeper: Sweeper;
  readonly #writer: AnswerWriter;
  #leadership: GroupStatus;

  constructor(options: ServiceOptions) {
    this.options = options;
    this.group = options.group;
    this.store = options.store;
    this.auth = options.machine.auth;
    const { group, store } = this;
    this.guard = new AuthGuard({
      store: this.auth,
      keysOfLease: (id) => store.keysOfLease(id),
      tokens: options.auth?.tokens ?? null,
      log: {
        get appliedIndex() {
          return group.status().appliedIndex;
        },
        catchUp: (done) => group.readBarrier(() => done()),
      },
    });
    this.quota = new SpaceQuota({
      alarms: options.machine.alarms,
      store,
      quotaBytes: options.quotaBytes,
      memberId: options.identity.memberId,
      propose: (command, done) => group.propose(command, () => done()),
    });
    this.sweeper = new Sweeper(store, options.timers);
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
    done(null, this.encode(codec, message, revision));
  }

  /** As `answer`, for a stream. */
  encode<T>(codec: Codec<T>, message: Init<T>, revision: number): Uint8Array {
    return this.#writer.write(codec, message, revision, this.#leadership.term);
  }

  /** Runs `query` on a state that reflects everything acknowledged before the call. */
  linearizable(done: UnaryDone, query: () => void): void {
    this.group.readBarrier((error: RuntimeError | null) => {
      if (error !== null) done(rpcErrorOfRuntime(error), null);
      else query();
    });
  }
}
