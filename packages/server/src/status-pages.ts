import { type EtcdService, rpcErrors } from './core/index.ts';
import { serviceMetricsText } from './metrics-text.ts';
import type { HttpAnswer, HttpEndpoint } from './port/http-endpoints.ts';

/** The release of the etcd API that is followed. Clients compute with it: dotted numbers only. */
export const apiVersion = '3.5.0';

export interface StatusPagesOptions {
  readonly service: EtcdService;
  metricsText(): Promise<string>;
}

function json(status: number, value: unknown): HttpAnswer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n` };
}

/** Monitoring compares this body, so it is on one line and text. */
function health(reason: string): HttpAnswer {
  const healthy = reason === '';
  const body = JSON.stringify({ health: healthy ? 'true' : 'false', reason });
  return { status: healthy ? 200 : 503, contentType: 'text/plain; charset=utf-8', body };
}

/** What the client port says in plain HTTP, by path. */
export function statusPages(options: StatusPagesOptions): Record<string, HttpEndpoint> {
  const { context } = options.service;
  return {
    '/version': () => json(200, { etcdserver: apiVersion, etcdcluster: apiVersion }),
    '/health': (query) => {
      if (context.leadership.leader === 0) return health(rpcErrors.noLeader.message);
      if (query.get('serializable') === 'true') return health('');
      return new Promise((resolve) => {
        context.linearizable(
          (error) => resolve(health(error?.message ?? '')),
          () => resolve(health('')),
        );
      });
    },
    // For load balancers that are to send writes to the leader only.
    '/leader': () => {
      const { leader, term, role } = context.leadership;
      const name = context.options.machine.attributesOf(leader)?.name ?? '';
      const id = leader === 0 ? '' : leader.toString(16);
      return json(role === 'leader' ? 200 : 503, { leader: id, name, term });
    },
    '/metrics': async () => {
      const { leader, role } = context.leadership;
      const leadership = { hasLeader: leader !== 0, isLeader: role === 'leader' };
      const own = serviceMetricsText(options.service.handled, leadership);
      const body = `${await options.metricsText()}\n${own}`;
      return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body };
    },
  };
}
