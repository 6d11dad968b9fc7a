import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiIdOf } from '../../src/core/index.ts';
import { etcdAliases } from '../../src/metrics/etcd-aliases.ts';

const told = `# HELP raft_commit_index Index.
# TYPE raft_commit_index gauge
raft_commit_index{node="1",group="etcd"} 42
raft_proposals_failed_total{node="1",group="etcd"} 3
quorate_transport_sent_bytes_total{peer="255"} 10
quorate_transport_sent_bytes_total{peer="16"} 20
quorate_wal_fsync_duration_seconds_bucket{le="0.001"} 1
quorate_wal_fsync_duration_seconds_bucket{le="+Inf"} 2
quorate_wal_fsync_duration_seconds_sum 0.5
quorate_wal_fsync_duration_seconds_count 2
raft_apply_duration_seconds_bucket{le="0.1",node="1",group="etcd"} 7
raft_apply_duration_seconds_bucket{le="+Inf",node="1",group="etcd"} 9
raft_apply_duration_seconds_sum{node="1",group="etcd"} 0.25
raft_apply_duration_seconds_count{node="1",group="etcd"} 9
quorate_transport_dropped_messages_total{peer="255"} 3
quorate_transport_dropped_messages_total{peer="16"} 4
process_open_fds 31
process_max_fds 1048576
`;

test("a node's metrics are told by etcd's names, with etcd's labels", () => {
  const samples = etcdAliases(told)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assert.deepEqual(samples, [
    'etcd_disk_wal_fsync_duration_seconds_bucket{le="0.001"} 1',
    'etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"} 2',
    'etcd_disk_wal_fsync_duration_seconds_sum 0.5',
    'etcd_disk_wal_fsync_duration_seconds_count 2',
    'etcd_disk_backend_commit_duration_seconds_bucket{le="0.1"} 7',
    'etcd_disk_backend_commit_duration_seconds_bucket{le="+Inf"} 9',
    'etcd_disk_backend_commit_duration_seconds_sum 0.25',
    'etcd_disk_backend_commit_duration_seconds_count 9',
    'os_fd_used 31',
    'os_fd_limit 1048576',
    'etcd_server_proposals_committed_total 42',
    'etcd_server_proposals_failed_total 3',
    `etcd_network_peer_sent_bytes_total{To="${apiIdOf(255).toString(16)}"} 10`,
    `etcd_network_peer_sent_bytes_total{To="${apiIdOf(16).toString(16)}"} 20`,
    'etcd_server_slow_apply_total 2',
    'etcd_server_heartbeat_send_failures_total 7',
  ]);
});

test('each has a type, also while there is nothing to tell', () => {
  const types = [...etcdAliases('').matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  assert.equal(types.length, 13);
  assert.match(etcdAliases(''), /etcd_server_slow_apply_total 0\n/);
});
