import assert from 'node:assert/strict';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type DirectoryDisk,
  directoryDisk,
  type RecoveryReport,
  recoverMember,
  verifySnapshot,
} from '@quorate/server';
import { CliError } from '../../src/cli-error.ts';
import { recover } from '../../src/commands/recover.ts';
import { saveStoppedMember } from '../../src/commands/save-stopped.ts';
import { recorded } from '../backup/served.ts';
import { runProgram } from '../run-program.ts';
import { clusterIdOf, ended, keysOf, LostQuorum } from './lost-quorum.ts';

const usual = {
  isDryRun: false,
  lostQuorum: undefined,
  bumpRevision: undefined,
  isCompacted: false,
};

function isRefusal(code: string, message: RegExp) {
  return (error: unknown): boolean =>
    error instanceof CliError && error.code === code && message.test(error.message);
}

test('a survivor goes on alone, and the lost voters do no harm', async (context) => {
  const lost = await LostQuorum.open(context);
  const fromClusterId = await ended(lost, 20);
  const survivor = { ...usual, dataDirectory: lost.path('n1') };

  const dry = await runProgram(['recover', '--data-dir', lost.path('n1')]);
  assert.equal(dry.exitCode, 2);
  assert.match(
    dry.stdout,
    new RegExp(`n1 of cluster ${fromClusterId}\nvoters:( \\w+ n[123],?){3}\n`),
  );
  assert.match(dry.stdout, /the log ends in term \d+, at entry \d+\nrevision 21, 20 keys\n/);
  assert.match(dry.stderr, new RegExp(`nothing was changed: .*--lost-quorum ${fromClusterId}`));
  const wrong = recover({ ...survivor, lostQuorum: 'abc' }, recorded());
  await assert.rejects(
    wrong,
    isRefusal('CLI_RECOVER_FAILED', /of cluster .*, not of 0000000000000abc/),
  );

  const output = recorded();
  await recover({ ...survivor, lostQuorum: fromClusterId }, output);
  const [report] = output.said as unknown as RecoveryReport[];
  assert.equal(report?.recovered?.lostVoters.length, 2);
  // Once more, as after an answer that was lost.
  const again = recorded();
  await recover({ ...survivor, lostQuorum: fromClusterId }, again);
  const [second] = again.said as unknown as RecoveryReport[];
  assert.deepEqual(second?.recovered, report?.recovered);

  const first = await lost.start(1);
  const clusterId = clusterIdOf(first);
  assert.equal(clusterId, report?.recovered?.clusterId);
  assert.notEqual(clusterId, fromClusterId);
  assert.equal((await keysOf(first)).length, 20);
  const { revision } = await first.client.put('after', '1');
  assert.equal(revision, 22);
  assert.equal((await first.client.cluster.members()).length, 1);
  const metrics = await (await fetch(`http://${first.endpoint}/metrics`)).text();
  assert.match(metrics, /\nquorate_recovered_timestamp_seconds \d+\n/);
  const running = recover({ ...survivor, isDryRun: true }, recorded());
  await assert.rejects(running, isRefusal('CLI_RECOVER_FAILED', /in use/));

  const fourth = await lost.join(4, first);
  const fifth = await lost.join(5, first);
  await first.client.put('three', '1');

  const old = await Promise.all([2, 3].map((at) => lost.start(at)));
  // They are a majority of what was, and go on as such: only they can say so.
  for (const node of old) {
    await node.client.put('old', '1');
    assert.equal(clusterIdOf(node), fromClusterId);
    assert.ok(!(await keysOf(node)).includes('after'));
  }
  assert.ok(!(await keysOf(first)).includes('old'));
  assert.equal(clusterIdOf(first), clusterId);

  // Only if both have a vote is there a majority without the first.
  for (const node of [fourth, fifth]) {
    while (node.server.status().role === 'learner') await keysOf(first);
  }
  await first.client.close();
  await first.server.close();
  await fourth.client.put('without', '1');
  assert.equal((await keysOf(fifth)).includes('without'), true);
});

/** Dies before so many changes of the directory are done. */
function dying(steps: number): DirectoryDisk {
  let left = steps;
  const step =
    <Rest extends unknown[]>(act: (...rest: Rest) => void) =>
    (...rest: Rest): void => {
      if (left === 0) throw new Error('killed');
      left -= 1;
      act(...rest);
    };
  const { rename, make, sync, remove } = directoryDisk;
  return { rename: step(rename), make: step(make), sync, remove: step(remove) };
}

test('what cannot be recovered is as it was, and can be saved', async (context) => {
  const lost = await LostQuorum.open(context);
  const fromClusterId = await ended(lost, 3);
  const dataDirectory = lost.path('n2');
  const names = await readdir(dataDirectory);

  const saved = recorded();
  const file = lost.path('saved.db');
  await saveStoppedMember(file, { dataDirectory, isForced: false }, saved);
  const [summary] = saved.said;
  assert.equal(summary?.['revision'], 4);
  assert.ok(Number(summary['lastIndex']) >= Number(summary['commitIndex']));
  const verified = await verifySnapshot(file);
  assert.deepEqual([verified.keys, verified.clusterId], [3, fromClusterId]);
  assert.deepEqual(await readdir(dataDirectory), names);

  const bumped = { lostQuorum: fromClusterId, bumpRevision: 1000, isCompacted: true };
  await recover({ ...usual, ...bumped, dataDirectory }, recorded());
  const node = await lost.start(2);
  const { revision } = await node.client.put('after', '1');
  assert.equal(revision, 1005);
  await assert.rejects(node.client.get('key0', { revision: 4 }), /compacted/);
  const own = clusterIdOf(node);
  await node.client.close();
  await node.server.close();
  // A snapshot, and entries behind it.
  const later = recorded();
  await saveStoppedMember(file, { dataDirectory, isForced: true }, later);
  assert.equal(later.said[0]?.['revision'], 1005);
  const alone = recover({ ...usual, dataDirectory, lostQuorum: own }, recorded());
  await assert.rejects(alone, isRefusal('CLI_RECOVER_FAILED', /only voter already/));

  // Killed between the two states, where there is no identity: the start goes on with it.
  const first = { dataDirectory: lost.path('n1'), lostQuorum: fromClusterId };
  await assert.rejects(recoverMember({ ...first, disk: dying(6) }), /killed/);
  assert.ok(!(await readdir(first.dataDirectory)).includes('identity'));
  const started = await lost.start(1);
  assert.notEqual(clusterIdOf(started), fromClusterId);
  assert.equal((await keysOf(started)).length, 3);

  const damaged = lost.path('n3');
  await flipByte(damaged);
  const look = { ...usual, dataDirectory: damaged, isDryRun: true };
  await assert.rejects(
    recover(look, recorded()),
    isRefusal('CLI_RECOVER_FAILED', /quorate repair/),
  );
  const missing = { ...usual, dataDirectory: lost.path('nobody'), isDryRun: true };
  await assert.rejects(recover(missing, recorded()), isRefusal('CLI_RECOVER_FAILED', /nobody/));
  const halves = { ...usual, dataDirectory, bumpRevision: 1 };
  await assert.rejects(recover(halves, recorded()), isRefusal('CLI_USAGE', /go together/));
});

/** In the first batch of the second segment, which is the first that is written to. */
async function flipByte(dataDirectory: string): Promise<void> {
  const file = await open(join(dataDirectory, 'wal', '0000000000000002.seg'), 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 44);
  await file.write(Buffer.from([(buffer[0] as number) ^ 16]), 0, 1, 44);
  await file.close();
}
