import { present } from '@quorate/base';
import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import { ClusterService } from './cluster-service.ts';
import { KvService } from './kv-service.ts';
import { MaintenanceService } from './maintenance-service.ts';
import type {
  CallContext,
  StreamCall,
  StreamListener,
  StreamMethod,
  UnaryDone,
  UnaryMethod,
} from './method.ts';
import { malformedRequest, type RpcError, rpcErrors, StatusCode } from './rpc-error.ts';
import { ServiceContext, type ServiceOptions } from './service-context.ts';

const healthCheckPath = '/grpc.health.v1.Health/Check';

const serving = encodeMessage(etcd.HealthCheckResponse, {
  status: etcd.HealthCheckResponseServingStatus.SERVING,
});
const unknownHealthService: RpcError = { code: StatusCode.notFound, message: 'unknown service' };

/** How often a method ended with each status: one count a code. */
export type HandledCounts = ReadonlyMap<string, Uint32Array>;

/**
 * The methods of the etcd API over one replicated group: bytes in, bytes out, on any transport.
 * Once `stop` was called every call is refused; calls that are under way still end.
 */
export class EtcdService {
  readonly context: ServiceContext;
  readonly #unary: ReadonlyMap<string, UnaryMethod>;
  readonly #streams: ReadonlyMap<string, StreamMethod>;
  readonly #handled = new Map<string, Uint32Array>();
  readonly #running = new Set<StreamCall>();
  #isStopped = false;

  constructor(options: ServiceOptions) {
    const context = new ServiceContext(options);
    this.context = context;
    this.#unary = new Map([
      ...new KvService(context).methods(),
      ...new ClusterService(context).methods(),
      ...new MaintenanceService(context).methods(),
      [healthCheckPath, checkHealth],
    ]);
    this.#streams = new Map();
    for (const path of [...this.unaryPaths, ...this.streamPaths]) {
      this.#handled.set(path, new Uint32Array(17));
    }
  }

  /** Of the methods with one request and one answer. */
  get unaryPaths(): readonly string[] {
    return [...this.#unary.keys()];
  }

  /** Of the methods in which either side may send many messages. */
  get streamPaths(): readonly string[] {
    return [...this.#streams.keys()];
  }

  get handled(): HandledCounts {
    return this.#handled;
  }

  /**
   * @param path one of `unaryPaths`
   * @returns the method as a transport calls it
   */
  unary(path: string): (request: Uint8Array, call: CallContext, done: UnaryDone) => void {
    const method = present(this.#unary.get(path), `${path} is a method of this service`);
    return (request, call, done) => {
      const counted: UnaryDone = (error, answer) => {
        this.#count(path, error);
        done(error, answer);
      };
      const refusal = this.#refusal(call);
      if (refusal !== null) counted(refusal, null);
      else method(request, counted, call);
    };
  }

  /**
   * @param path one of `streamPaths`
   * @returns the method as a transport calls it
   */
  stream(path: string): StreamMethod {
    const method = present(this.#streams.get(path), `${path} is a stream of this service`);
    return (call) => {
      const refusal = this.#refusal(call.context);
      if (refusal === null) return this.#begin(path, method, call);
      this.#count(path, refusal);
      call.end(refusal);
      return ignoring;
    };
  }

  stop(): void {
    this.#isStopped = true;
    for (const call of this.#running) call.end(rpcErrors.serverStopped);
  }

  #begin(path: string, method: StreamMethod, call: StreamCall): StreamListener {
    let isEnded = false;
    const ended = (error: RpcError | null): void => {
      isEnded = true;
      this.#running.delete(counted);
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
    this.#running.add(counted);
    const listener = method(counted);
    return {
      message: (request) => {
        if (!isEnded) listener.message(request);
      },
      halfClosed: () => {
        if (!isEnded) listener.halfClosed();
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

  #count(path: string, error: RpcError | null): void {
    const counts = present(this.#handled.get(path), 'every method is counted');
    const code = error === null ? StatusCode.ok : error.code;
    counts[code] = (counts[code] as number) + 1;
  }
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
