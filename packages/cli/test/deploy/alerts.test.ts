import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stringify } from 'yaml';
import { at, type Json, list, ROOT, readYaml, textAt } from './deployed-files.ts';

const alerts = readYaml('prometheus/alerts.yml');

function rulesOf(file: Json): readonly Json[] {
  return list(at(file, 'groups')).flatMap((group) => list(at(group, 'rules')));
}

interface PlayedAlert {
  readonly alert: string;
  /** Series by what they are, with their values once a minute. */
  readonly series: Readonly<Record<string, string>>;
  readonly severity: string;
  /** Of each that fires after half an hour; none: it must not. */
  readonly firing: readonly Readonly<Record<string, string>>[];
}

const member = (name: string): string => `job="quorate",instance="${name}"`;
const inGroup = (name: string): string => `${member(name)},node="1",group="etcd"`;
const first = { job: 'quorate', instance: 'a' };
const firstInGroup = { ...first, node: '1', group: 'etcd' };

/** Those whose expressions join several metrics: what is wrong with them shows only when played. */
const playedAlerts: readonly PlayedAlert[] = [
  {
    alert: 'QuorateMajorityAtRisk',
    series: {
      [`up{${member('a')}}`]: '0x60',
      [`up{${member('b')}}`]: '1x60',
      [`up{${member('c')}}`]: '1x60',
    },
    severity: 'critical',
    firing: [{ job: 'quorate' }],
  },
  {
    alert: 'QuorateMajorityAtRisk',
    series: {
      [`up{${member('a')}}`]: '1x60',
      [`up{${member('b')}}`]: '1x60',
      [`up{${member('c')}}`]: '1x60',
    },
    severity: 'critical',
    firing: [],
  },
  {
    alert: 'QuorateReplicationLag',
    series: {
      [`raft_commit_index{${inGroup('a')}}`]: '100x60',
      [`raft_commit_index{${inGroup('b')}}`]: '50000x60',
      [`raft_applied_index{${inGroup('a')}}`]: '100x60',
      [`raft_applied_index{${inGroup('b')}}`]: '49999x60',
    },
    severity: 'warning',
    firing: [firstInGroup],
  },
  {
    alert: 'QuorateDiskTooSlow',
    series: {
      [`quorate_wal_fsync_duration_seconds_bucket{${member('a')},le="0.512"}`]: '0x60',
      [`quorate_wal_fsync_duration_seconds_bucket{${member('a')},le="1.024"}`]: '0+10x60',
      [`quorate_wal_fsync_duration_seconds_bucket{${member('a')},le="+Inf"}`]: '0+10x60',
      [`raft_election_timeout_seconds{${inGroup('a')}}`]: '1x60',
    },
    severity: 'critical',
    firing: [first],
  },
  {
    alert: 'QuorateQuotaNear',
    series: {
      [`etcd_mvcc_db_total_size_in_bytes{${member('a')}}`]: '90x60',
      [`etcd_server_quota_backend_bytes{${member('a')}}`]: '100x60',
    },
    severity: 'warning',
    firing: [first],
  },
  {
    alert: 'QuorateSnapshotOld',
    series: {
      [`raft_applied_index{${inGroup('a')}}`]: '9000000x70',
      [`raft_snapshot_index{${inGroup('a')}}`]: '1000000x70',
    },
    severity: 'warning',
    firing: [firstInGroup],
  },
  {
    alert: 'QuorateClockOff',
    series: {
      [`quorate_clock_seconds{${member('a')}}`]: '100+60x60',
      [`quorate_clock_seconds{${member('b')}}`]: '0+60x60',
    },
    severity: 'warning',
    firing: [first],
  },
  {
    alert: 'QuorateBackupOld',
    series: {
      [`quorate_backup_last_success_timestamp_seconds{${member('a')}}`]: '1x60',
      [`quorate_backup_last_success_timestamp_seconds{${member('b')}}`]: '0x60',
      [`quorate_backup_interval_seconds{${member('a')}}`]: '60x60',
    },
    severity: 'critical',
    firing: [{ job: 'quorate' }],
  },
];

/** As `promtool test rules` reads it; annotations are the rule's own, and are not looked at. */
function asRuleTest({ alert, series, severity, firing }: PlayedAlert): object {
  const rule = rulesOf(alerts).find((one) => at(one, 'alert') === alert);
  assert.ok(rule !== undefined, alert);
  const expression = textAt(rule, 'expr');
  const samples = firing.map((labels) => {
    const text = Object.entries({ alertname: alert, alertstate: 'firing', severity, ...labels });
    const inner = text.map(([name, value]) => `${name}="${value}"`).join(', ');
    return { labels: `ALERTS{${inner}}`, value: 1 };
  });
  return {
    name: `${alert}: ${expression}`,
    interval: '1m',
    input_series: Object.entries(series).map(([one, values]) => ({ series: one, values })),
    promql_expr_test: [
      {
        expr: `ALERTS{alertname="${alert}",alertstate="firing"}`,
        eval_time: '50m',
        exp_samples: samples,
      },
    ],
  };
}

describe('the alerts', () => {
  it('are rules to Prometheus, where it is installed', async (context) => {
    if (spawnSync('promtool', ['--version']).error !== undefined) {
      context.diagnostic('promtool is not installed: the rules were only parsed as YAML');
      return;
    }
    const files = ['alerts.yml', 'rules.yml'].map((file) => join(ROOT, 'deploy/prometheus', file));
    const checked = execFileSync('promtool', ['check', 'rules', ...files], { encoding: 'utf8' });
    assert.match(checked, /SUCCESS/);
    const directory = await mkdtemp(join(tmpdir(), 'quorate-rules-'));
    context.after(() => rm(directory, { recursive: true, force: true }));
    const played = join(directory, 'played.yml');
    await writeFile(played, stringify({ rule_files: files, tests: playedAlerts.map(asRuleTest) }));
    const outcome = spawnSync('promtool', ['test', 'rules', played], { encoding: 'utf8' });
    assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
  });
});
