import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { formatAddress } from '@quorate/base';
import { startServer } from '@quorate/server';
import { at, type Json, list, ROOT, readDeployed, readYaml, textAt } from './deployed-files.ts';
import { usedIn } from './promql.ts';

/** Names of families and the labels that their samples have. */
function familiesOf(text: string): Map<string, Set<string>> {
  const families = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) /.exec(line)?.[1];
    if (type !== undefined && !families.has(type)) families.set(type, new Set());
    const sample = /^([a-zA-Z_]\w*)(?:\{(.*)\})? \S+$/.exec(line);
    if (sample === null) continue;
    const [, name = '', labels = ''] = sample;
    const known = families.get(name) ?? new Set<string>();
    families.set(name, known);
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
  }
  return families;
}

/** Told only once something has happened, or where it is set up. */
const conditional =
  /^(quorate_backup\w*|quorate_tls_\w+|raft_elections_total|quorate_transport_\w+)$/;
/** What Prometheus adds, and what a range of instances brings. */
const fromPrometheus = new Set(['job', 'instance']);

const alerts = readYaml('prometheus/alerts.yml');
const rules = readYaml('prometheus/rules.yml');
const dashboard = JSON.parse(readDeployed('grafana/quorate.json')) as Json;

function rulesOf(file: Json): readonly Json[] {
  return list(at(file, 'groups')).flatMap((group) => list(at(group, 'rules')));
}

function panels(): readonly Json[] {
  return list(at(dashboard, 'panels')).filter((panel) => at(panel, 'type') !== 'row');
}

const recorded = new Set(rulesOf(rules).map((rule) => textAt(rule, 'record')));

const expressions: readonly (readonly [string, string])[] = [
  ...rulesOf(alerts).map((rule) => [textAt(rule, 'alert'), textAt(rule, 'expr')] as const),
  ...rulesOf(rules).map((rule) => [textAt(rule, 'record'), textAt(rule, 'expr')] as const),
  ...panels().flatMap((panel) =>
    list(at(panel, 'targets')).map(
      (target) => [textAt(panel, 'title'), textAt(target, 'expr')] as const,
    ),
  ),
];

/** /metrics of a node that has served a call. */
async function scrape(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'quorate-monitoring-'));
  const loopback = { host: '127.0.0.1', port: 0 };
  const server = await startServer({
    name: 'n1',
    dataDirectory: join(directory, 'data'),
    members: [{ name: 'n1', peerUrls: ['http://127.0.0.1:2380'] }],
    clusterToken: 'monitoring',
    listenPeer: loopback,
    listenClient: [loopback],
    advertiseClientUrls: ['http://127.0.0.1:2379'],
    tuning: { heartbeatIntervalMs: 20, electionTimeoutMs: 100, segmentBytes: 65_536 },
    log: { level: 'silent', format: 'logfmt' },
  });
  context.after(async () => {
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });
  await new Promise<void>((resolve) => {
    const told = (leader: bigint): void => {
      if (leader !== 0n) resolve();
    };
    server.onLeader(told);
    told(server.status().leader);
  });
  const url = `http://${formatAddress(server.clientAddresses[0] ?? loopback)}`;
  const put = await fetch(`${url}/v3/kv/put`, {
    method: 'POST',
    body: '{"key":"aw==","value":"dg=="}',
  });
  assert.equal(put.status, 200);
  return (await fetch(`${url}/metrics`)).text();
}

/** Every name in a table of docs/reference/metrics.md, with those that a `*` stands for. */
function documented(): (name: string) => boolean {
  const text = readFileSync(join(ROOT, 'docs/reference/metrics.md'), 'utf8');
  const names = new Set([...text.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  const prefixes = [...text.matchAll(/`(\w+_)\*`/g)].map(([, prefix = '']) => prefix);
  return (name) => names.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}

function plain(name: string, families: ReadonlyMap<string, unknown>): string {
  const family = name.replace(/_(bucket|sum|count)$/, '');
  return families.has(family) ? family : name;
}

describe('dashboards and alerts', () => {
  it('use metrics that are told, by labels that they have', async (context) => {
    const families = familiesOf(await scrape(context));
    const isDocumented = documented();
    for (const [where, expression] of expressions) {
      const { metrics } = usedIn(expression);
      assert.ok(metrics.size > 0, `${where}: ${expression}`);
      for (const [name, labels] of metrics) {
        if (name === 'up' || recorded.has(name)) continue;
        assert.ok(isDocumented(plain(name, families)), `${where}: ${name} is in metrics.md`);
        if (conditional.test(name)) continue;
        const known = families.get(name);
        assert.ok(known !== undefined, `${where}: ${name} is told by a node`);
        const unknown = [...labels].filter(
          (label) => !known.has(label) && !fromPrometheus.has(label),
        );
        assert.deepEqual(unknown, [], `${where}: labels of ${name}`);
      }
    }
  });

  it('group by labels that the metrics they group have', async (context) => {
    const families = familiesOf(await scrape(context));
    for (const [where, expression] of expressions) {
      const { metrics, labels } = usedIn(expression);
      const known = new Set(fromPrometheus);
      for (const name of metrics.keys()) {
        for (const label of families.get(name) ?? []) known.add(label);
        if (recorded.has(name)) for (const label of ['group', 'node', 'peer']) known.add(label);
      }
      const isOpen = [...metrics.keys()].some((name) => conditional.test(name));
      const unknown = [...labels].filter((label) => !known.has(label) && !isOpen);
      assert.deepEqual(unknown, [], where);
    }
  });

  it('tell each metric once, and none that nobody can look up', async (context) => {
    const text = await scrape(context);
    const types = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name);
    assert.deepEqual(
      types.filter((name, i) => types.indexOf(name) !== i),
      [],
    );
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const series = samples.map((line) => line.slice(0, line.lastIndexOf(' ')));
    assert.equal(new Set(series).size, series.length);
    const isDocumented = documented();
    assert.deepEqual(
      types.filter((name) => !isDocumented(name)),
      [],
    );
  });

  it('tell etcd users what etcd would', async (context) => {
    const families = familiesOf(await scrape(context));
    const names = [
      'etcd_server_has_leader',
      'etcd_server_leader_changes_seen_total',
      'etcd_server_proposals_committed_total',
      'etcd_server_proposals_applied_total',
      'etcd_server_proposals_pending',
      'etcd_server_proposals_failed_total',
      'etcd_server_slow_apply_total',
      'etcd_disk_wal_fsync_duration_seconds_bucket',
      'etcd_disk_wal_fsync_duration_seconds_sum',
      'etcd_mvcc_db_total_size_in_bytes',
      'etcd_server_quota_backend_bytes',
      'etcd_network_client_grpc_sent_bytes_total',
      'etcd_debugging_mvcc_keys_total',
      'grpc_server_handled_total',
      'grpc_server_started_total',
      'process_resident_memory_bytes',
    ];
    assert.deepEqual(
      names.filter((name) => !families.has(name)),
      [],
    );
    assert.deepEqual([...(families.get('etcd_server_proposals_pending') ?? [])], []);
    assert.deepEqual(
      [...(families.get('etcd_disk_wal_fsync_duration_seconds_bucket') ?? [])],
      ['le'],
    );
  });

  it('have alerts that say how bad it is and what to do, each once', () => {
    const names = rulesOf(alerts).map((rule) => textAt(rule, 'alert'));
    assert.equal(new Set(names).size, names.length);
    const guide = readFileSync(join(ROOT, 'docs/guides/monitoring.md'), 'utf8');
    for (const rule of rulesOf(alerts)) {
      const name = textAt(rule, 'alert');
      assert.match(name, /^Quorate[A-Z]/);
      assert.match(textAt(rule, 'labels', 'severity'), /^(warning|critical)$/);
      assert.ok(textAt(rule, 'annotations', 'description').length > 20, name);
      assert.ok(guide.includes(`\`${name}\``), `${name} is in docs/guides/monitoring.md`);
    }
  });

  it('have a dashboard whose panels are apart', () => {
    const ids = list(at(dashboard, 'panels')).map((panel) => at(panel, 'id'));
    assert.equal(new Set(ids).size, ids.length);
    const cells = new Set<string>();
    for (const panel of list(at(dashboard, 'panels'))) {
      const [x, y, w, h] = ['x', 'y', 'w', 'h'].map((key) => Number(at(panel, 'gridPos', key)));
      for (let column = x as number; column < (x as number) + (w as number); column++) {
        for (let row = y as number; row < (y as number) + (h as number); row++) {
          assert.ok(
            column < 24 && !cells.has(`${column}/${row}`),
            `${textAt(panel, 'title')} overlaps`,
          );
          cells.add(`${column}/${row}`);
        }
      }
    }
  });
});
