import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { RuntimeError } from '@quorate/runtime';
import { etcd } from '@quorate/schema';
import { alarmCommand } from '../../src/core/etcd-command.ts';
import type { ServiceContext } from '../../src/core/service-context.ts';
import { linearizableRead } from '../../src/health/checks.ts';
import { ManualTime } from '../core/manual-time.ts';
import { nodeId } from '../in-process-node.ts';
import { type ServedNode, serveNode } from '../served-node.ts';

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

function ask({ address }: ServedNode, path: string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { ...address, path, method, agent: false };
    const sent = request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        body += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    sent.on('error', reject).end();
  });
}

async function alarm(served: ServedNode, type: number): Promise<void> {
  await served.node.etcd.propose(alarmCommand('raise', { member: BigInt(nodeId), type }));
}

const isTrue = { status: 200, body: '{"health":"true","reason":""}' };

function isFalse(reason: string): Answer {
  return { status: 503, body: JSON.stringify({ health: 'false', reason }) };
}

function readFails(served: ServedNode): void {
  const timeout = { timeoutMs: 1 };
  served.node.etcd.failure = new RuntimeError('RUNTIME_READ_TIMEOUT', 'in this test', timeout);
}

test('health is that of the cluster, or of this member when it is asked so', async () => {
  await using served = await serveNode();
  assert.deepEqual(await ask(served, '/health'), isTrue);
  assert.equal((await ask(served, '/health', 'POST')).status, 405);
  readFails(served);
  assert.deepEqual(
    await ask(served, '/health'),
    isFalse('RANGE ERROR:etcdserver: request timed out'),
  );
  assert.deepEqual(await ask(served, '/health?serializable=true'), isTrue);
  served.node.etcd.becomeLed(0);
  assert.deepEqual(await ask(served, '/health'), isFalse('RAFT NO LEADER'));
  assert.deepEqual(await ask(served, '/health?serializable=true'), isTrue);
});

test('an alarm and a full disk make health false, unless they are excluded', async () => {
  await using served = await serveNode();
  served.node.writable = false;
  assert.deepEqual(await ask(served, '/health'), isFalse('ALARM DISKFULL'));
  assert.deepEqual(await ask(served, '/health?exclude=DISKFULL'), isTrue);
  await alarm(served, etcd.AlarmType.NOSPACE);
  assert.deepEqual(await ask(served, '/health?serializable=true'), isFalse('ALARM NOSPACE'));
  assert.deepEqual(await ask(served, '/health?exclude=NOSPACE'), isFalse('ALARM DISKFULL'));
  assert.deepEqual(await ask(served, '/health?exclude=NOSPACE&exclude=DISKFULL'), isTrue);
  await alarm(served, etcd.AlarmType.CORRUPT);
  assert.deepEqual(await ask(served, '/health?exclude=NOSPACE'), isFalse('ALARM CORRUPT'));
});

test('livez holds while there is no leader; readyz says what is missing', async () => {
  await using served = await serveNode();
  assert.deepEqual(await ask(served, '/livez'), { status: 200, body: 'ok\n' });
  assert.deepEqual(await ask(served, '/readyz'), { status: 200, body: 'ok\n' });
  readFails(served);
  assert.equal((await ask(served, '/livez?verbose')).body, '[+]serializable_read ok\nok\n');
  const unready = await ask(served, '/readyz');
  assert.equal(unready.status, 503);
  assert.deepEqual(unready.body.split('\n'), [
    '[+]data_corruption ok',
    '[+]serializable_read ok',
    '[-]linearizable_read failed: etcdserver: request timed out',
    '[+]non_learner ok',
    '[+]not_draining ok',
    '',
    '',
  ]);
  assert.equal((await ask(served, '/readyz?exclude=linearizable_read')).status, 200);
  assert.equal((await ask(served, '/readyz?exclude=unheard_of')).status, 503);
});

test('each check has a path of its own', async () => {
  await using served = await serveNode();
  await alarm(served, etcd.AlarmType.CORRUPT);
  const failed = { status: 503, body: '[-]data_corruption failed: alarm activated: CORRUPT\n\n' };
  assert.deepEqual(await ask(served, '/readyz/data_corruption'), failed);
  for (const name of ['serializable_read', 'linearizable_read', 'non_learner', 'not_draining']) {
    assert.deepEqual(await ask(served, `/readyz/${name}`), { status: 200, body: 'ok\n' });
  }
  assert.equal((await ask(served, '/livez/serializable_read')).status, 200);
  assert.equal((await ask(served, '/livez/linearizable_read')).status, 404);
});

test('a member that is to stop hands its lead over first, and is not ready meanwhile', async () => {
  await using served = await serveNode();
  const { etcd: group } = served.node;
  const handedOver = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<number | null>();
  group.transferLeadership = (to) => {
    asked.resolve(to);
    return handedOver.promise;
  };
  const closing = served.server.close();
  assert.equal(await asked.promise, null, 'to whoever is best');
  const draining = await ask(served, '/readyz/not_draining');
  assert.equal(draining.status, 503);
  assert.match(draining.body, /this member is being stopped/);
  // Whoever comes before the lead is handed over is still served.
  assert.deepEqual(await ask(served, '/health'), isTrue);
  handedOver.resolve();
  await closing;
});

test('a follower that is to stop hands nothing over, nor does who ends abruptly', async () => {
  await using follower = await serveNode();
  follower.node.etcd.becomeLed(nodeId + 1);
  await follower.server.close();
  assert.deepEqual(follower.node.etcd.transfers, []);
  await using killed = await serveNode();
  await killed.server.close({ abrupt: true });
  assert.deepEqual(killed.node.etcd.transfers, []);
});

test('metrics count the checks and tell whether there is room', async () => {
  await using served = await serveNode();
  await ask(served, '/readyz/non_learner');
  readFails(served);
  await ask(served, '/readyz/linearizable_read');
  await ask(served, '/health');
  const { body } = await ask(served, '/metrics');
  for (const line of [
    'etcd_server_health_success 0',
    'etcd_server_health_failures 1',
    'etcd_server_healthcheck{type="readyz",name="linearizable_read"} 0',
    'etcd_server_healthchecks_total{type="readyz",name="non_learner",status="success"} 1',
    'etcd_server_healthchecks_total{type="readyz",name="linearizable_read",status="error"} 1',
    'quorate_storage_writable 1',
  ]) {
    assert.ok(body.split('\n').includes(line), line);
  }
});

test('a read that nobody answers is no reason to keep a probe waiting', async () => {
  const time = new ManualTime();
  let tell: () => void = () => undefined;
  const context = {
    options: { timers: time.timers },
    linearizable: (_done: unknown, query: () => void) => {
      tell = query;
    },
  } as unknown as ServiceContext;
  const reason = linearizableRead({ context, writable: true, isDraining: false });
  await time.advance(1500);
  assert.equal(await reason, 'etcdserver: request timed out');
  tell();
  const inTime = linearizableRead({ context, writable: true, isDraining: false });
  tell();
  assert.equal(await inTime, '');
});
