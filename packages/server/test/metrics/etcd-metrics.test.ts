import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { RuntimeError } from '@quorate/runtime';
import { encodeMessage, etcd } from '@quorate/schema';
import { ReadCounts } from '../../src/metrics/read-counts.ts';
import { servedGroupOf } from '../../src/node-group.ts';
import { ManualTime } from '../core/manual-time.ts';
import { InProcessGroup } from '../in-process-node.ts';
import { open, readToEnd } from '../raw-connection.ts';
import { RawClient } from '../rpc/raw-client.ts';
import { type ServedNode, serveNode } from '../served-node.ts';

const key = new TextEncoder().encode('a');

async function metricsOf(served: ServedNode): Promise<ReadonlyMap<string, string>> {
  const socket = await open(served.address);
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const text = await readToEnd(socket);
  const samples = [...text.matchAll(/^(\w+(?:\{.*\})?) (\S+)$/gm)];
  return new Map(samples.map(([, name = '', value = '']) => [name, value]));
}

/** Sends one message on a stream and waits for one answer, and for its end. */
async function exchange({ address }: ServedNode, path: string, message: Uint8Array): Promise<void> {
  const client = new Client(`${address.host}:${address.port}`, credentials.createInsecure());
  const asIs = (bytes: Buffer): Buffer => bytes;
  const call = client.makeBidiStreamRequest(path, asIs, asIs, new Metadata());
  const ended = new Promise((resolve) => call.on('end', resolve));
  call.on('data', () => call.end());
  call.write(Buffer.from(message));
  await ended;
  client.close();
}

test('what dashboards of etcd look for is counted', async () => {
  await using served = await serveNode();
  const client = new RawClient(served.address);
  const call = (method: string, bytes: Uint8Array) => client.call(`/etcdserverpb.${method}`, bytes);
  const requestPut = { key, value: key };
  for (let times = 0; times < 2; times++) {
    await call('KV/Put', encodeMessage(etcd.PutRequest, requestPut));
  }
  const success = [{ requestPut }, { requestRange: { key: Uint8Array.of(9) } }];
  await call('KV/Txn', encodeMessage(etcd.TxnRequest, { success }));
  await call('KV/Range', encodeMessage(etcd.RangeRequest, { key }));
  await call('KV/DeleteRange', encodeMessage(etcd.DeleteRangeRequest, { key }));
  await call('KV/Put', new Uint8Array(0));
  await call('Lease/LeaseGrant', encodeMessage(etcd.LeaseGrantRequest, { ID: 7n, TTL: 60 }));
  const keepAlive = encodeMessage(etcd.LeaseKeepAliveRequest, { ID: 7n });
  await exchange(served, '/etcdserverpb.Lease/LeaseKeepAlive', keepAlive);
  served.node.etcd.failure = new RuntimeError('RUNTIME_READ_TIMEOUT', 'in this test', {
    timeoutMs: 1,
  }) as RuntimeError;
  await call('KV/Range', encodeMessage(etcd.RangeRequest, { key }));
  served.node.etcd.failure = null;
  client.close();

  const told = await metricsOf(served);
  const put = 'grpc_type="unary",grpc_service="etcdserverpb.KV",grpc_method="Put"';
  const stream =
    'grpc_type="bidi_stream",grpc_service="etcdserverpb.Lease",grpc_method="LeaseKeepAlive"';
  const expected = {
    'etcd_cluster_version{cluster_version="3.6"}': '1',
    'etcd_server_version{server_version="3.6.14"}': '1',
    etcd_mvcc_put_total: '3',
    etcd_mvcc_delete_total: '1',
    etcd_mvcc_range_total: '2',
    etcd_mvcc_txn_total: '1',
    etcd_debugging_mvcc_db_total_size_in_bytes: told.get('etcd_mvcc_db_total_size_in_bytes'),
    etcd_debugging_mvcc_events_total: '0',
    etcd_debugging_mvcc_pending_events_total: '0',
    etcd_debugging_lease_granted_total: '1',
    etcd_debugging_lease_renewed_total: '1',
    etcd_debugging_lease_revoked_total: '0',
    'etcd_debugging_lease_ttl_total_bucket{le="32"}': '0',
    'etcd_debugging_lease_ttl_total_bucket{le="64"}': '1',
    etcd_debugging_lease_ttl_total_sum: '60',
    etcd_debugging_server_lease_expired_total: '0',
    etcd_server_read_indexes_failed_total: '1',
    etcd_server_slow_read_indexes_total: '0',
    etcd_server_heartbeat_send_failures_total: '0',
    [`grpc_server_msg_received_total{${put}}`]: '3',
    [`grpc_server_msg_sent_total{${put}}`]: '2',
    [`grpc_server_msg_received_total{${stream}}`]: '1',
    [`grpc_server_msg_sent_total{${stream}}`]: '1',
  };
  const found = Object.keys(expected).map((name) => [name, told.get(name)]);
  assert.deepEqual(Object.fromEntries(found), expected);
});

test('a read that took more than half a second was slow, whatever came of it', async () => {
  const time = new ManualTime();
  const counts = new ReadCounts(time.clock);
  let delayMs = 0;
  const counted = counts.of({
    ...servedGroupOf(new InProcessGroup()),
    readBarrier: (done) => void time.timers.after(delayMs, () => done(null, 1)),
  });
  let answers = 0;
  for (const ms of [500, 501]) {
    delayMs = ms;
    counted.readBarrier(() => {
      answers += 1;
    });
    await time.advance(1000);
  }
  assert.deepEqual([answers, counts.slow, counts.failed], [2, 1, 0]);
});
