import type { HttpAnswer, HttpEndpoint } from '../port/http-endpoints.ts';
import {
  alarmReason,
  type Check,
  type Checked,
  linearizableRead,
  livezChecks,
  readyzChecks,
} from './checks.ts';
import type { HealthCounts } from './health-counts.ts';

function text(status: number, body: string): HttpAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

/**
 * What orchestrators and load balancers ask a member, in plain HTTP: `/health`, `/livez`, `/readyz`
 * and one path below these for each check.
 */
export function probes(checked: Checked, counts: HealthCounts): Record<string, HttpEndpoint> {
  return {
    '/health': (query) => health(checked, counts, query),
    ...checkPaths('livez', livezChecks, checked, counts),
    ...checkPaths('readyz', readyzChecks, checked, counts),
  };
}

async function health(
  checked: Checked,
  counts: HealthCounts,
  query: URLSearchParams,
): Promise<HttpAnswer> {
  const isSerializable = query.get('serializable') === 'true';
  const reason =
    alarmReason(checked, query.getAll('exclude')) ||
    (isSerializable ? '' : await clusterReason(checked));
  const isHealthy = reason === '';
  counts.asked(isHealthy);
  // Monitoring compares this body, so it is on one line and text.
  const body = JSON.stringify({ health: isHealthy ? 'true' : 'false', reason });
  return text(isHealthy ? 200 : 503, body);
}

async function clusterReason(checked: Checked): Promise<string> {
  if (checked.context.leadership.leader === 0) return 'RAFT NO LEADER';
  const reason = await linearizableRead(checked);
  return reason === '' ? '' : `RANGE ERROR:${reason}`;
}

function checkPaths(
  type: string,
  checks: Readonly<Record<string, Check>>,
  checked: Checked,
  counts: HealthCounts,
): Record<string, HttpEndpoint> {
  const run = async (names: readonly string[], isVerbose: boolean): Promise<HttpAnswer> => {
    let isWell = true;
    let lines = '';
    for (const name of names) {
      const reason = (await checks[name]?.(checked)) ?? '';
      counts.checked(type, name, reason === '');
      lines += reason === '' ? `[+]${name} ok\n` : `[-]${name} failed: ${reason}\n`;
      if (reason !== '') isWell = false;
    }
    if (!isWell) return text(503, `${lines}\n`);
    return text(200, `${isVerbose ? lines : ''}ok\n`);
  };
  const names = Object.keys(checks);
  const endpoints: Record<string, HttpEndpoint> = {
    [`/${type}`]: (query) => {
      const excluded = query.getAll('exclude');
      return run(
        names.filter((name) => !excluded.includes(name)),
        query.has('verbose'),
      );
    },
  };
  for (const name of names) {
    endpoints[`/${type}/${name}`] = (query) => run([name], query.has('verbose'));
  }
  return endpoints;
}
