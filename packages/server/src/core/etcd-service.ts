import { present } from '@quorate/base';
import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import { ClusterService } from './cluster-service.ts';
import { KvService } from './kv-service.ts';
import { MaintenanceService } from './maintenance-service.ts';
import { malformedRequest, type RpcError, rpcErrors, StatusCode } from './rpc-error.ts';
import { ServiceContext, type ServiceOptions } from './service-context.ts';
import type { UnaryDone, UnaryMethod } from './unary-method.ts';

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
  readonly #methods: ReadonlyMap<string, UnaryMethod>;
  readonly #handled = new Map<string, Uint32Array>();
  #isStopped = false;

  constructor(options: ServiceOptions) {
    const context = new ServiceContext(options);
    this.context = context;
    this.#methods = new Map([
      ...new KvService(context).methods(),
      ...new ClusterService(context).methods(),
      ...new MaintenanceService(context).methods(),
      [healthCheckPath, checkHealth],
    ]);
    for (const path of this.#methods.keys()) this.#handled.set(path, new Uint32Array(17));
  }

  get paths(): readonly string[] {
    return [...this.#methods.keys()];
  }

  get handled(): HandledCounts {
    return this.#handled;
  }

  /**
   * @param path one of `paths`
   * @returns the method as a transport calls it; `requireLeader` is the client's `hasleader`
   */
  method(path: string): (request: Uint8Array, requireLeader: boolean, done: UnaryDone) => void {
    const method = present(this.#methods.get(path), `${path} is a method of this service`);
    const counts = present(this.#handled.get(path), 'every method is counted');
    return (request, requireLeader, done) => {
      const counted: UnaryDone = (error, answer) => {
        const code = error === null ? StatusCode.ok : error.code;
        counts[code] = (counts[code] as number) + 1;
        done(error, answer);
      };
      if (this.#isStopped) counted(rpcErrors.serverStopped, null);
      else if (requireLeader && this.context.leadership.leader === 0) {
        counted(rpcErrors.noLeader, null);
      } else method(request, counted);
    };
  }

  stop(): void {
    this.#isStopped = true;
  }
}

function checkHealth(request: Uint8Array, done: UnaryDone): void {
  const wire = decodeMessage(etcd.HealthCheckRequest, request);
  if (wire === null) done(malformedRequest, null);
  else if (wire.service !== '') done(unknownHealthService, null);
  else done(null, serving);
}
