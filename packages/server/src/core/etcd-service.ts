import { present } from '@quorate/base';
import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import { AuthService } from './auth/auth-service.ts';
import { SettledMessages } from './auth/settled-messages.ts';
import { AutoCompactor } from './auto-compaction/auto-compactor.ts';
import { ClusterService } from './cluster-service.ts';
import { ElectionService } from './concurrency/election-service.ts';
import { LocalCalls } from './concurrency/local-calls.ts';
import { LockService } from './concurrency/lock-service.ts';
import { downgrade } from './downgrade.ts';
import { gatedStream } from './gated-stream.ts';
import { KvService } from './kv-service.ts';
import { LeaderRequirement } from './leader-requirement.ts';
import { LeaseService } from './lease-service.ts';
import { MaintenanceService } from './maintenance-service.ts';
import { learnerRefusal } from './membership/learner-rule.ts';
import { MemberKeeper } from './membership/member-keeper.ts';
import type {
  CallContext,
  StreamCall,
  StreamListener,
  StreamMethod,
  UnaryDone,
  UnaryMethod,
} from './method.ts';
import { rangeStream } from './range-stream.ts';
import { malformedRequest, type RpcError, rpcErrors, StatusCode } from './rpc-error.ts';
import { ServiceContext, type ServiceOptions } from './service-context.ts';
import { SnapshotService } from './snapshot-service.ts';
import { StartGate } from './start-gate.ts';
import type { WatchCensus } from './watch/watch-hub.ts';
import { WatchService } from './watch/watch-service.ts';

const healthCheckPath = '/grpc.health.v1.Health/Check';

const healthWatchPath = '/grpc.health.v1.Health/Watch';

const { SERVING, SERVICE_UNKNOWN } = etcd.HealthCheckResponseServingStatus;
const serving = encodeMessage(etcd.HealthCheckResponse, { status: SERVING });
const unknownService = encodeMessage(etcd.HealthCheckResponse, { status: SERVICE_UNKNOWN });
const unknownHealthService: RpcError = { code: StatusCode.notFound, message: 'unknown service' };

/** How often a method ended with each status: one count a code. */
export type HandledCounts = ReadonlyMap<string, Uint32Array>;

/**
 * The methods of the etcd API over one replicated group: bytes in, bytes out, on any transport.
 * Once `stop` was called every call is refused; calls that are under way still end.
 */
export class EtcdService {
  readonly context: ServiceContext;
  readonly #leases: LeaseService;
  readonly #unary: ReadonlyMap<string, UnaryMethod>;
  readonly #streams: ReadonlyMap<string, StreamMethod>;
  readonly #handled = new Map<string, Uint32Array>();
  readonly #started = new Map<string, { count: number }>();
  readonly #watches: WatchService;
  /** Ends each stream that is running. */
  readonly #running = new Set<(error: RpcError) => void>();
  readonly #leader: LeaderRequirement;
  readonly #gate: StartGate;
  readonly #keeper: MemberKeeper;
  readonly #compactor: AutoCompactor | null;
  #isStopped = false;

  constructor(options: ServiceOptions) {
    const context = new ServiceContext(options);
    this.context = context;
    this.#leases = new LeaseService(context);
    const own = new Map([...new KvService(context).methods(), ...this.#leases.methods()]);
    const { identity, store, timers, watch } = options;
    this.#watches = new WatchService({
      identity,
      feed: store.changes,
      guard: context.guard,
      timers,
      raftTerm: () => context.leadership.term,
      ...(watch === undefined ? {} : { tuning: watch }),
    });
    const watches = this.#watches;
    const calls = new LocalCalls({ unary: own, watch: watches.watch });
    const locks = new LockService(context, calls);
    const elections = new ElectionService(context, calls);
    this.#unary = new Map([
      ...own,
      ...locks.methods(),
      ...elections.methods(),
      ...new ClusterService(context).methods(),
      ...new MaintenanceService(context).methods(),
      downgrade(context),
      ...(options.auth === undefined ? [] : new AuthService(context, options.auth).methods()),
      [healthCheckPath, checkHealth],
    ]);
    this.#streams = new Map([
      ...this.#leases.streams(),
      ...watches.methods(),
      ...locks.streams(),
      ...elections.streams(),
      rangeStream(context),
      ...new SnapshotService(context).methods(),
      [healthWatchPath, watchHealth],
    ]);
    this.#leader = new LeaderRequirement(options);
    this.#gate = new StartGate(options);
    this.#keeper = new MemberKeeper(options);
    this.#compactor = compactorOf(context);
    for (const path of [...this.unaryPaths, ...this.streamPaths]) {
      this.#handled.set(path, new Uint32Array(17));
      this.#started.set(path, { count: 0 });
    }
  }

  /** Of the methods with one request and one answer. */
  get unaryPaths(): readonly string[] {
    return [...this.#unary.keys()];
  }

  /**
   * Of the methods in which either side may send many messages, and of those whose one answer may
   * be long in coming: both are told that their client has gone.
   */
  get streamPaths(): readonly string[] {
    return [...this.#streams.keys()];
  }

  /** Calls that are under way on which either side may send, or which wait. */
  get streams(): number {
    return this.#running.size;
  }

  get handled(): HandledCounts {
    return this.#handled;
  }

  /** How often each method was begun. */
  get started(): ReadonlyMap<string, { readonly count: number }> {
    return this.#started;
  }

  get watchCensus(): WatchCensus {
    return this.#watches.census;
  }

  /**
   * @param path one of `unaryPaths`
   * @returns the method as a transport calls it
   */
  unary(path: string): (request: Uint8Array, call: CallContext, done: UnaryDone) => void {
    const method = present(this.#unary.get(path), `${path} is a method of this service`);
    const started = this.#startedOf(path);
    return (request, call, done) => {
      started.count += 1;
      const counted: UnaryDone = (error, answer) => {
        this.#count(path, error);
        done(error, answer);
      };
      if (this.#gate.isOpen) {
        this.#admit(path, method, request, call, counted);
        return;
      }
      // Transports use their buffers again.
      const kept = new Uint8Array(request);
      this.#gate.whenOpen((refusal) => {
        if (refusal === null) this.#admit(path, method, kept, call, counted);
        else counted(refusal, null);
      });
    };
  }

  /**
   * @param path one of `streamPaths`
   * @returns the method as a transport calls it
   */
  stream(path: string): StreamMethod {
    const method = present(this.#streams.get(path), `${path} is a stream of this service`);
    const started = this.#startedOf(path);
    return (call) => {
      started.count += 1;
      const refuse = (refusal: RpcError): void => {
        this.#count(path, refusal);
        call.end(refusal);
      };
      const begin = (): StreamListener => {
        const refusal = this.#refusal(call.context) ?? learnerRefusal(this.context, path, null);
        if (refusal === null) return this.#begin(path, method, call);
        refuse(refusal);
        return ignoring;
      };
      return this.#gate.isOpen ? begin() : gatedStream(this.#gate, begin, refuse);
    };
  }

  /**
   * Calls a method whose one answer may be long in coming.
   *
   * @param path one of `streamPaths`
   * @returns tells the method that the client has gone
   */
  wait(path: string, request: Uint8Array, context: CallContext, done: UnaryDone): () => void {
    let answer: Uint8Array | null = null;
    const listener = this.stream(path)({
      context,
      send: (message) => {
        answer = message;
        return true;
      },
      end: (error) => done(error, error === null ? answer : null),
    });
    listener.message(request);
    listener.halfClosed();
    return () => listener.closed();
  }

  stop(): void {
    this.#isStopped = true;
    this.#gate.stop();
    this.#leases.stop();
    this.#leader.stop();
    this.#keeper.stop();
    this.#compactor?.stop();
    for (const abort of this.#running) abort(rpcErrors.serverStopped);
  }

  #admit(
    path: string,
    method: UnaryMethod,
    request: Uint8Array,
    call: CallContext,
    done: UnaryDone,
  ): void {
    const refusal = this.#refusal(call) ?? learnerRefusal(this.context, path, request);
    const { guard } = this.context;
    if (refusal !== null) done(refusal, null);
    else if (guard.isSettled(call)) method(request, done, call);
    else {
      // Transports use their buffers again.
      const kept = new Uint8Array(request);
      guard.settle(call, () => method(kept, done, call));
    }
  }

  #begin(path: string, method: StreamMethod, call: StreamCall): StreamListener {
    let isEnded = false;
    let messages: SettledMessages | null = null;
    const ended = (error: RpcError | null): void => {
      isEnded = true;
      messages?.stop();
      this.#running.delete(abort);
      this.#leader.delete(abort);
      this.#count(path, error);
    };
    const counted: StreamCall = {
      context: call.context,
      send: (message) => isEnded || call.send(message),
      end: (error) => {
        if (isEnded) return;
        ended(error);
        call.end(error);
      },
    };
    const listener = method(counted);
    const settled = new SettledMessages(this.context.guard, counted, listener);
    messages = settled;
    const abort = (error: RpcError): void => {
      if (isEnded) return;
      ended(error);
      call.end(error);
      listener.closed();
    };
    if (!isEnded) {
      this.#running.add(abort);
      if (call.context.requireLeader) this.#leader.add(abort);
    }
    return {
      message: (request) => {
        if (!isEnded) settled.message(request);
      },
      halfClosed: () => {
        if (!isEnded) settled.halfClosed();
      },
      drained: () => {
        if (!isEnded) listener.drained();
      },
      closed: () => {
        if (isEnded) return;
        ended(rpcErrors.requestCanceled);
        listener.closed();
      },
    };
  }

  #refusal({ requireLeader }: CallContext): RpcError | null {
    if (this.#isStopped) return rpcErrors.serverStopped;
    return requireLeader && this.context.leadership.leader === 0 ? rpcErrors.noLeader : null;
  }

  #startedOf(path: string): { count: number } {
    return present(this.#started.get(path), 'every method is counted');
  }

  #count(path: string, error: RpcError | null): void {
    const counts = present(this.#handled.get(path), 'every method is counted');
    const code = error === null ? StatusCode.ok : error.code;
    counts[code] = (counts[code] as number) + 1;
  }
}

function compactorOf({ options, group }: ServiceContext): AutoCompactor | null {
  const { autoCompaction: settings, store, clock, timers } = options;
  if (settings === undefined) return null;
  return new AutoCompactor({
    settings,
    store,
    clock,
    timers,
    isLeader: () => group.status().role === 'leader',
    propose: (command, done) => {
      group.propose(command, (_error, applied) => {
        const result = applied?.result;
        const isBehind = result?.kind === 'refused' && result.refusal === 'compacted';
        done(isBehind || result?.kind === 'compact');
      });
    },
  });
}

const nothing = (): void => undefined;
const ignoring: StreamListener = {
  message: nothing,
  halfClosed: nothing,
  drained: nothing,
  closed: nothing,
};

function checkHealth(request: Uint8Array, done: UnaryDone): void {
  const wire = decodeMessage(etcd.HealthCheckRequest, request);
  if (wire === null) done(malformedRequest, null);
  else if (wire.service !== '') done(unknownHealthService, null);
  else done(null, serving);
}

/** What is served does not change while the server runs: it is said once. */
function watchHealth(call: StreamCall): StreamListener {
  let isAsked = false;
  return {
    ...ignoring,
    message(request) {
      if (isAsked) return;
      isAsked = true;
      const wire = decodeMessage(etcd.HealthCheckRequest, request);
      if (wire === null) call.end(malformedRequest);
      else call.send(wire.service === '' ? serving : unknownService);
    },
    halfClosed() {
      if (!isAsked) call.end(malformedRequest);
    },
  };
}
