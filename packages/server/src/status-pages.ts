import { apiIdOf, type EtcdService } from './core/index.ts';
import type { Checked } from './health/checks.ts';
import { HealthCounts } from './health/health-counts.ts';
import { probes } from './health/probes.ts';
import type { ClientBytes } from './metrics/client-bytes.ts';
import { etcdMetricsText } from './metrics/etcd-metrics.ts';
import { serviceMetricsText } from './metrics-text.ts';
import type { HttpAnswer, HttpEndpoint } from './port/http-endpoints.ts';

/** The release of the etcd API that is followed. Clients compute with it: dotted numbers only. */
export const apiVersion = '3.5.0';

export interface StatusPagesOptions {
  readonly service: EtcdService;
  /** What the probes look at. */
  readonly health: Checked;
  readonly clientBytes: ClientBytes;
  metricsText(): Promise<string>;
}

function json(status: number, value: unknown): HttpAnswer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n` };
}

/** What the client port says in plain HTTP, by path. */
export function statusPages(options: StatusPagesOptions): Record<string, HttpEndpoint> {
  const { context } = options.service;
  const counts = new HealthCounts();
  return {
    '/version': () => json(200, { etcdserver: apiVersion, etcdcluster: apiVersion }),
    ...probes(options.health, counts),
    // For load balancers that are to send writes to the leader only.
    '/leader': () => {
      const { leader, term, role } = context.leadership;
      const name = context.options.machine.attributesOf(leader)?.name ?? '';
      const id = leader === 0 ? '' : apiIdOf(leader).toString(16);
      return json(role === 'leader' ? 200 : 503, { leader: id, name, term });
    },
    '/metrics': async () => {
      const { leader, role } = context.leadership;
      const { writable } = options.health;
      const { streams } = options.service;
      const state = { hasLeader: leader !== 0, isLeader: role === 'leader', writable, streams };
      const own = serviceMetricsText(options.service.handled, state);
      const nodeText = await options.metricsText();
      const { service, clientBytes } = options;
      const asEtcd = etcdMetricsText({ service, clientBytes, nodeText, version: apiVersion });
      const body = `${nodeText}\n${own}${asEtcd}${counts.text()}`;
      return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body };
    },
  };
}
