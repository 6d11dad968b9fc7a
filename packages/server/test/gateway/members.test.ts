import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiIdOf, memberAttributesCommand } from '@quorate/server/core';
import { nodeId } from '../in-process-node.ts';
import { type ServedNode, serveNode } from '../served-node.ts';

/** @returns the status, and the answer without its header */
async function post({ address }: ServedNode, path: string, body: object | string) {
  const url = `http://${address.host}:${address.port}${path}`;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, { method: 'POST', body: text });
  const { header, ...rest } = JSON.parse(await response.text());
  if (response.status === 200) assert.match(header.member_id, /^\d{19,20}$/);
  return { status: response.status, ...rest };
}

async function serveStarted(): Promise<ServedNode> {
  const served = await serveNode();
  for (const member of [nodeId, nodeId + 1]) {
    const told = { member, name: `n${member - nodeId + 1}`, clientUrls: [] };
    await served.node.etcd.propose(memberAttributesCommand(told));
  }
  return served;
}

test('members are listed, added, moved, promoted and removed in JSON', async () => {
  await using served = await serveStarted();
  const members = '/v3/cluster/member';
  const added = await post(served, `${members}/add`, {
    peerURLs: ['http://10.0.0.3:2380'],
    isLearner: true,
  });
  const { ID } = added.member;
  assert.match(ID, /^\d{19,20}$/, '64 bits, as a string');
  // What is empty or false is left out.
  const learner = { ID, peerURLs: ['http://10.0.0.3:2380'], isLearner: true };
  assert.deepEqual(added.member, learner);
  assert.deepEqual(added.members.length, 3);

  const listed = await post(served, `${members}/list`, '{}');
  assert.deepEqual(
    listed.members.find((one: { ID: string }) => one.ID === ID),
    learner,
  );
  const founder = listed.members.find((one: { ID: string }) => one.ID === String(apiIdOf(nodeId)));
  assert.equal(founder.name, 'n1');
  assert.equal('isLearner' in founder, false);
  const linearizable = await post(served, `${members}/list`, { linearizable: true });
  assert.deepEqual(linearizable, listed);

  const peerURLs = ['http://10.0.0.4:2380'];
  const moved = await post(served, `${members}/update`, { ID, peerURLs });
  assert.deepEqual(moved.members.find((one: { ID: string }) => one.ID === ID).peerURLs, peerURLs);
  const early = await post(served, `${members}/promote`, { ID });
  assert.deepEqual([early.status, early.code], [412, 9]);
  assert.match(early.message, /^etcdserver: can only promote .* in sync with leader$/);

  const told = { member: 1001, name: 'n3', clientUrls: ['http://10.0.0.4:2379'] };
  await served.node.etcd.propose(memberAttributesCommand(told));
  const promoted = await post(served, `${members}/promote`, { ID });
  assert.deepEqual(
    promoted.members.find((one: { ID: string }) => one.ID === ID),
    { ID, name: 'n3', peerURLs, clientURLs: ['http://10.0.0.4:2379'] },
  );
  // A number does as well as a string, as far as JSON can hold it.
  const removed = await post(served, `${members}/remove`, `{"ID":${ID}}`);
  assert.deepEqual(removed.members.map((one: { name: string }) => one.name).sort(), ['n1', 'n2']);
});

test('what is wrong with a change of members is answered in kind', async () => {
  await using served = await serveStarted();
  const refusals = [
    ['add', { peerURLs: ['nonsense'] }, 400, 3, 'given member URLs are invalid'],
    ['add', {}, 400, 3, 'given member URLs are invalid'],
    ['add', { peerURLs: ['http://127.0.0.1:2380'] }, 412, 9, 'Peer URLs already exists'],
    ['remove', { ID: '77' }, 404, 5, 'member not found'],
    ['remove', '{}', 404, 5, 'member not found'],
    ['promote', { ID: '77' }, 404, 5, 'member not found'],
    ['promote', { ID: String(apiIdOf(nodeId)) }, 412, 9, 'can only promote a learner member'],
    ['update', { ID: '77', peerURLs: ['http://a:1'] }, 404, 5, 'member not found'],
  ] as const;
  for (const [verb, body, status, code, message] of refusals) {
    const answer = await post(served, `/v3/cluster/member/${verb}`, body);
    const error = `etcdserver: ${message}`;
    assert.deepEqual(answer, { status, error, message: error, code }, verb);
  }
});
