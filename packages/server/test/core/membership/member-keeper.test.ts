import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemberCommand, memberAttributesCommand, memberCommand } from '@quorate/server/core';
import { nodeId } from '../../in-process-node.ts';
import { CalledService } from '../called-service.ts';

const secondId = nodeId + 1;

/** A cluster of two that have started, asked on the leader. */
async function started(options: ConstructorParameters<typeof CalledService>[0] = {}) {
  const service = new CalledService(options);
  const tell = (command: MemberCommand) => service.group.propose(memberCommand(command));
  for (const [id, name] of [
    [nodeId, 'n1'],
    [secondId, 'n2'],
  ] as const) {
    await service.group.propose(memberAttributesCommand({ member: id, name, clientUrls: [] }));
    await tell({ kind: 'introduce', members: [{ member: id, peerUrls: [`http://${name}:1`] }] });
  }
  await service.time.advance(2000);
  return { service, tell };
}

const tableOf = ({ group }: CalledService): readonly number[] => [
  ...group.machine.members.all.keys(),
];

const addressIn = ({ group }: CalledService, id: number): string | undefined =>
  group.configuration.members.find((one) => one.id === id)?.address;

test('what belongs to no member goes after twenty seconds, and not before', async () => {
  const { service, tell } = await started();
  await tell({ kind: 'locate', member: 77, peerUrls: ['http://a:1'], among: [] });
  await service.time.advance(19_000);
  assert.deepEqual(tableOf(service), [nodeId, secondId, 77]);
  await service.time.advance(3000);
  assert.deepEqual(tableOf(service), [nodeId, secondId]);
  service.service.stop();
  assert.equal(service.time.appointments, 0);
});

test('several that are left over go one after the other', async () => {
  const { service, tell } = await started();
  for (const member of [71, 72, 73]) {
    await tell({ kind: 'locate', member, peerUrls: [`http://a:${member}`], among: [] });
  }
  await service.time.advance(25_000);
  assert.deepEqual(tableOf(service), [nodeId, secondId]);
});

test('who was taken in meanwhile stays written down', async () => {
  const { service, tell } = await started();
  await tell({ kind: 'locate', member: 77, peerUrls: ['http://a:1'], among: [] });
  await service.time.advance(15_000);
  const member = { address: 'a:1', promote: true };
  service.membership.change([{ kind: 'addLearner', id: 77, member }], {}, () => undefined);
  await service.time.advance(60_000);
  assert.deepEqual(tableOf(service), [nodeId, secondId, 77]);
});

test('a removal of which nobody told is found all the same', async () => {
  const { service } = await started();
  // Whoever served it died before it had the record taken away.
  service.membership.change([{ kind: 'remove', id: secondId }], {}, () => undefined);
  await service.time.advance(32_000);
  assert.deepEqual(tableOf(service), [nodeId]);
});

test('another leader counts anew, and who does not lead touches nothing', async () => {
  const { service, tell } = await started();
  await tell({ kind: 'locate', member: 77, peerUrls: ['http://a:1'], among: [] });
  await service.time.advance(15_000);
  service.group.becomeLed(secondId);
  await service.time.advance(60_000);
  assert.deepEqual(tableOf(service), [nodeId, secondId, 77]);
  service.group.becomeLed(nodeId);
  await service.time.advance(19_000);
  assert.deepEqual(tableOf(service), [nodeId, secondId, 77]);
  await service.time.advance(3000);
  assert.deepEqual(tableOf(service), [nodeId, secondId]);
});

test('addresses follow what is written down, also where a leader died in between', async () => {
  const { service, tell } = await started();
  assert.equal(addressIn(service, secondId), 'n2:1');
  service.group.becomeLed(secondId);
  await tell({ kind: 'locate', member: secondId, peerUrls: ['http://b:2'], among: [] });
  await service.time.advance(5000);
  assert.equal(addressIn(service, secondId), 'n2:1');
  service.group.becomeLed(nodeId);
  await service.time.advance(10);
  assert.equal(addressIn(service, secondId), 'b:2');
});

test('a new leader that has not applied all yet moves nobody back', async () => {
  const { service, tell } = await started();
  const { membership, group } = service;
  // The log says that it moved, and where to the configuration says already.
  membership.describe([{ id: secondId, address: 'b:2' }], () => undefined);
  membership.described.length = 0;
  group.configurationIndex = group.status().appliedIndex + 2;
  group.becomeLed(nodeId);
  await service.time.advance(5000);
  assert.deepEqual(membership.described, []);
  await tell({ kind: 'locate', member: secondId, peerUrls: ['http://b:2'], among: [] });
  await tell({ kind: 'forget', member: 4 });
  await service.time.advance(5000);
  assert.deepEqual(membership.described, []);
  assert.equal(addressIn(service, secondId), 'b:2');
});

test('learners get a vote by themselves when they have started and caught up', async () => {
  const { service } = await started({ autoPromoteLearners: true });
  const { membership, group, time } = service;
  const member = { address: 'a:1', promote: false };
  membership.change([{ kind: 'addLearner', id: 77, member }], {}, () => undefined);
  membership.progress.set(77, 1000);
  await time.advance(20_000);
  assert.deepEqual(group.configuration.learners, [77], 'it has never started');
  membership.progress.set(77, 1);
  await group.propose(memberAttributesCommand({ member: 77, name: 'n3', clientUrls: [] }));
  await time.advance(5000);
  assert.deepEqual(group.configuration.learners, [77], 'it is behind');
  membership.progress.set(77, group.status().lastIndex);
  await time.advance(2000);
  assert.deepEqual(group.configuration.voters, [nodeId, secondId, 77]);
  const [last] = membership.changes.slice(-1);
  assert.deepEqual(last?.conditions, { caughtUp: 77 });
});
