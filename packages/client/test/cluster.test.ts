import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect } from '../src/index.ts';
import { endpointOf, startCluster } from './support/real-cluster.ts';

const peerUrl = 'http://127.0.0.9:2380';

describe('the members of a cluster, for a client', () => {
  it('are listed, added, moved and removed, and each refusal is told', async (context) => {
    const [server] = await startCluster(context, 1);
    assert.ok(server);
    const client = connect({ endpoints: [endpointOf(server)], timeoutMs: 30_000 });
    context.after(() => client.close());
    const { cluster } = client;
    let [self] = await cluster.members();
    while (self?.name !== 'n0') [self] = await cluster.members();
    assert.equal(self.id, server.status().memberId);
    assert.deepEqual([self.isLearner, self.peerUrls.length, self.clientUrls.length], [false, 1, 1]);

    await assert.rejects(cluster.add(['nonsense']), /member URLs are invalid/);
    await assert.rejects(cluster.add(self.peerUrls), /already exists/);
    const { member, members, clusterId } = await cluster.add([peerUrl], { isLearner: true });
    assert.ok(member);
    assert.equal(clusterId, server.status().clusterId);
    const { id } = member;
    const learner = { id, name: '', peerUrls: [peerUrl], clientUrls: [], isLearner: true };
    assert.deepEqual(member, learner);
    assert.deepEqual(
      members.find((one) => one.id === id),
      learner,
    );
    await assert.rejects(cluster.add(['http://127.0.0.8:2380'], { isLearner: true }), /too many/);

    await assert.rejects(cluster.promote(id), /in sync with leader/);
    await assert.rejects(cluster.promote(self.id), /can only promote a learner/);
    await assert.rejects(cluster.promote(77n), /member not found/);
    const urls = ['http://127.0.0.9:1', 'http://127.0.0.9:2'];
    const moved = await cluster.update(id, urls);
    assert.deepEqual(moved.members.find((one) => one.id === id)?.peerUrls, urls);
    await assert.rejects(cluster.remove(self.id), /not enough started members/);
    const left = await cluster.remove(id);
    assert.deepEqual(left.members, [self]);
    await assert.rejects(cluster.remove(id), /member not found/);
    await client.put('a', 'b');
  });
});
