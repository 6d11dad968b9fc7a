import { clusterVersionOf } from './core/api-release.ts';
import { apiIdOf, type EtcdService } from './core/index.ts';
import type { Checked } from './health/checks.ts';
import { HealthCounts } from './health/health-counts.ts';
import { probes } from './health/probes.ts';
import { etcdMetricsText, type ServedCounts } from './metrics/etcd-metrics.ts';
import { serviceMetricsText } from './metrics-text.ts';
import type { HttpAnswer, HttpEndpoint } from './port/http-endpoints.ts';

/**
 * The release of the etcd API that is followed. Clients compute with it: dotted numbers only.
 * kube-apiserver asks for progress of watches only from 3.4.31, 3.5.13 and 3.6 on.
 */
export const apiVersion = '3.6.14';

export interface StatusPagesOptions {
  readonly service: EtcdService;
  /** What the probes look at. */
  readonly health: Checked;
  readonly counts: ServedCounts;
  metricsText(): Promise<string>;
}

function json(status: number, value: unknown): HttpAnswer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n` };
}

/** What the client port says in plain HTTP, by path. */
export function statusPages(options: StatusPagesOptions): Record<string, HttpEndpoint> {
  const { context } = options.service;
  const checks = new HealthCounts();
  return {
    '/version': () => {
      const cluster = clusterVersionOf(apiVersion);
      return json(200, { etcdserver: apiVersion, etcdcluster: cluster, storage: cluster });
    },
    ...probes(options.health, checks),
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
      const { service, counts } = options;
      const asEtcd = etcdMetricsText({ service, counts, nodeText, version: apiVersion });
      const body = `${nodeText}\n${own}${asEtcd}${checks.text()}`;
      return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body };
    },
  };
}
