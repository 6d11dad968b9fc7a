import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatAddress } from '@quorate/base';
import { openReplica } from '../../src/index.ts';
import { Counter, TestCluster } from './test-cluster.ts';

const log = { level: 'silent', format: 'json' } as const;
const groups = { counter: () => new Counter() };

describe('a read replica of one’s own state machine', () => {
  it('reads what was acknowledged, feeds others, and outlives its upstream', async () => {
    await using cluster = await TestCluster.of(3);
    const counter = cluster.node(1).group('counter');
    await counter.propose({ add: 4 });
    const upstream = [cluster.addressOf(2), cluster.addressOf(3)];
    await using near = await openReplica({ upstream, groups, listen: '127.0.0.1:0', log });
    assert.equal(await near.group('counter').read('value'), 4);
    assert.ok(near.address !== null);
    const chain = [formatAddress(near.address)];
    await using far = await openReplica({ upstream: chain, groups, log });
    const { index } = await counter.propose({ add: 5 });
    const minIndex = { consistency: 'local', minIndex: index } as const;
    assert.equal(await far.group('counter').read((machine) => machine.value, minIndex), 9);
    assert.equal(await far.group('counter').read('value'), 9);
    const metrics = await far.metricsText();
    assert.match(metrics, /^quorate_replica_applied_index\{group="counter"\} [1-9]/m);
    assert.match(metrics, /^quorate_enquiry_asked_total\{kind="feedEntries",outcome="answered"\}/m);
    assert.match(metrics, /^quorate_event_loop_delay_seconds/m);
    assert.match(await near.metricsText(), /^quorate_enquiry_served_total\{kind="feedEntries"/m);
    await cluster.close(2);
    const { index: later } = await counter.propose({ add: 1 });
    const bounded = { consistency: 'local', minIndex: later } as const;
    assert.equal(await far.group('counter').read('value', bounded), 10);
  });

  it('is refused without an upstream, and says when none answers', async () => {
    await assert.rejects(openReplica({ upstream: [], groups, log }), /option upstream is empty/);
    const nobody = { upstream: ['127.0.0.1:1'], groups, log, timeoutMs: 200 };
    await assert.rejects(openReplica(nobody), { code: 'HOST_CLUSTER_UNREACHABLE' });
  });
});
