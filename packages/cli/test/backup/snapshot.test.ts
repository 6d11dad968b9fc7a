import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { keysFrom } from '@quorate/client';
import { restoreSnapshot, verifySnapshot } from '@quorate/server';
import { restoreFile, saveSnapshot, showSnapshot } from '../../src/commands/snapshot.ts';
import { temporaryDirectory } from '../run-program.ts';
import { recorded, served } from './served.ts';

const members = [{ name: 'n1', peerUrls: ['http://127.0.0.1:1'] }];
const flags = { endpoints: undefined, timeoutMs: undefined, isForced: false };
const restoring = { name: 'n1', members, clusterToken: 'test' };

const hasCode = (code: string, pattern: RegExp) => (error: Error & { code?: string }) => {
  assert.equal(error.code, code);
  assert.match(error.message, pattern);
  return true;
};

test('a snapshot is saved whole or not at all, and begins a new cluster', async (context) => {
  const directory = await temporaryDirectory(context);
  const { client, endpoint, server } = await served(context, directory);
  const lease = await client.lease(600);
  for (let i = 0; i < 50; i++) await client.put(`k${i % 7}`, `v${i}`);
  await client.put('held', 'x', { lease: lease.id });
  await client.delete('k3');
  await client.compact(20);
  const before = await client.get(keysFrom(''));
  const file = join(directory, 'saved.db');
  const output = recorded();
  assert.equal(await saveSnapshot(file, { ...flags, endpoints: endpoint }, output), 0);
  assert.equal(output.said[0]?.['revision'], before.revision);
  assert.ok(!existsSync(`${file}.part`));
  await assert.rejects(
    saveSnapshot(file, { ...flags, endpoints: endpoint }, output),
    hasCode('CLI_SNAPSHOT_FAILED', /is there already.*--force/),
  );
  assert.equal(
    await saveSnapshot(file, { ...flags, endpoints: endpoint, isForced: true }, output),
    0,
  );
  const bytes = readFileSync(file);
  await server.close();
  const unreached = { ...flags, endpoints: endpoint, isForced: true, timeoutMs: 300 };
  await assert.rejects(saveSnapshot(file, unreached, output), hasCode('CLI_REQUEST_FAILED', /./));
  assert.deepEqual(readFileSync(file), bytes);
  assert.ok(!existsSync(`${file}.part`));

  const dataDirectory = join(directory, 'restored');
  const report = await restoreSnapshot({ ...restoring, file, dataDirectory });
  assert.notEqual(report.clusterId, report.fromClusterId);
  assert.deepEqual(
    readdirSync(dataDirectory).filter((name) => name.startsWith('.')),
    [],
  );
  const again = await served(context, directory, { dataDirectory });
  assert.equal(again.server.status().clusterId, BigInt(`0x${report.clusterId}`));
  const after = await again.client.get(keysFrom(''));
  assert.deepEqual(after.keyValues, before.keyValues);
  assert.equal(after.revision, before.revision);
  const old = await again.client.get('k1', { revision: 25 });
  assert.equal(old.keyValues.length, 1);
  const next = await again.client.put('k1', 'on');
  assert.equal(next.revision, before.revision + 1);
});

test('founders that restore the same file are of one cluster, others are not', async (context) => {
  const directory = await temporaryDirectory(context);
  const { client, endpoint } = await served(context, directory);
  const three = ['a', 'b', 'c'].map((name, at) => {
    return { name, peerUrls: [`http://127.0.0.1:${at + 1}`] };
  });
  const ids: string[] = [];
  for (const round of [1, 2]) {
    await client.put('round', `${round}`);
    const file = join(directory, `${round}.db`);
    await saveSnapshot(file, { ...flags, endpoints: endpoint }, recorded());
    for (const name of ['a', 'c']) {
      const dataDirectory = join(directory, `${round}${name}`);
      const options = { file, dataDirectory, name, members: three, clusterToken: 't' };
      ids.push((await restoreSnapshot(options)).clusterId);
    }
    const bumped = join(directory, `${round}bumped`);
    const options = { file, name: 'a', members: three, clusterToken: 't', bumpRevision: 5 };
    ids.push((await restoreSnapshot({ ...options, dataDirectory: bumped })).clusterId);
  }
  assert.equal(ids[0], ids[1]);
  assert.equal(ids[3], ids[4]);
  assert.equal(new Set(ids).size, 4);
});

test('revisions that are bumped are compacted up to there', async (context) => {
  const directory = await temporaryDirectory(context);
  const { client, endpoint, server } = await served(context, directory);
  const { revision } = await client.put('a', '1');
  const file = join(directory, 'saved.db');
  await saveSnapshot(file, { ...flags, endpoints: endpoint }, recorded());
  await server.close();
  const dataDirectory = join(directory, 'bumped');
  await restoreSnapshot({ ...restoring, file, dataDirectory, bumpRevision: 1000 });
  const again = await served(context, directory, { dataDirectory });
  const read = await again.client.get('a');
  assert.equal(read.revision, revision + 1000);
  assert.equal(read.keyValues[0]?.modRevision, revision);
  await assert.rejects(again.client.get('a', { revision }), /compacted/);
  assert.equal((await again.client.put('a', '2')).revision, revision + 1001);
  await saveSnapshot(
    join(directory, 'next.db'),
    { ...flags, endpoints: again.endpoint },
    recorded(),
  );
  assert.equal((await verifySnapshot(join(directory, 'next.db'))).revision, revision + 1001);
});

test('a standby keeps the identity that it names, alone and far ahead', async (context) => {
  const directory = await temporaryDirectory(context);
  const { client, endpoint, server } = await served(context, directory);
  await client.put('a', '1');
  const { clusterId, term, appliedIndex } = server.status();
  const file = join(directory, 'saved.db');
  await saveSnapshot(file, { ...flags, endpoints: endpoint }, recorded());
  await server.close();
  const dataDirectory = join(directory, 'standby');
  const fence = clusterId.toString(16).padStart(16, '0');
  const options = { ...restoring, file, dataDirectory };
  const others = [...members, { name: 'n2', peerUrls: ['http://127.0.0.1:2'] }];
  await assert.rejects(
    restoreSnapshot({ ...options, fence: '0123456789abcdef' }),
    hasCode('SERVER_RESTORE_REFUSED', new RegExp(`from cluster ${fence}`)),
  );
  await assert.rejects(
    restoreSnapshot({ ...options, members: others, fence }),
    hasCode('SERVER_RESTORE_REFUSED', /alone/),
  );
  assert.ok(!existsSync(dataDirectory));
  const report = await restoreSnapshot({ ...options, fence });
  assert.equal(report.isIdentityKept, true);
  const again = await served(context, directory, { dataDirectory });
  const { revision } = await again.client.put('a', '2');
  assert.equal(revision, 3);
  const status = again.server.status();
  assert.equal(status.clusterId, clusterId);
  assert.ok(status.term > term + 2 ** 31 && status.appliedIndex > appliedIndex + 2 ** 39);
});

test('what cannot be restored is refused, and leaves nothing behind', async (context) => {
  const directory = await temporaryDirectory(context);
  const { client, endpoint } = await served(context, directory);
  await client.put('a', '1');
  const file = join(directory, 'saved.db');
  await saveSnapshot(file, { ...flags, endpoints: endpoint }, recorded());
  const dataDirectory = join(directory, 'new');
  const options = { ...restoring, dataDirectory };
  const bytes = readFileSync(file);

  const wrong = join(directory, 'wrong.db');
  bytes[5000] = (bytes[5000] as number) ^ 1;
  writeFileSync(wrong, bytes);
  await assert.rejects(
    restoreSnapshot({ ...options, file: wrong }),
    hasCode('SERVER_SNAPSHOT_INVALID', /SHA-256/),
  );
  await assert.rejects(
    showSnapshot(wrong, recorded()),
    hasCode('CLI_SNAPSHOT_FAILED', /wrong\.db/),
  );

  const bare = join(directory, 'bare.db');
  writeFileSync(bare, readFileSync(file).subarray(0, -32));
  await assert.rejects(
    restoreSnapshot({ ...options, file: bare }),
    hasCode('SERVER_RESTORE_REFUSED', /no SHA-256/),
  );
  truncateSync(wrong, 4096 * 3 + 32);
  await assert.rejects(
    restoreSnapshot({ ...options, file: wrong, skipHashCheck: true }),
    hasCode('SERVER_SNAPSHOT_INVALID', /./),
  );
  await assert.rejects(
    restoreSnapshot({ ...options, file, name: 'n7' }),
    hasCode('SERVER_RESTORE_REFUSED', /n7 is none of the members n1/),
  );
  await assert.rejects(
    restoreSnapshot({ ...options, file, dataDirectory: join(directory, 'n1') }),
    hasCode('SERVER_RESTORE_REFUSED', /not empty/),
  );
  assert.ok(!existsSync(dataDirectory));
  const report = await restoreSnapshot({ ...options, file: bare, skipHashCheck: true });
  assert.equal(report.keys, 1);
});

test('flags that mean nothing alone are refused', async () => {
  const restoreFlags = {
    settings: {},
    configPath: undefined,
    isHashSkipped: false,
    bumpRevision: undefined,
    isCompacted: false,
    isIdentityKept: false,
    fence: undefined,
  };
  for (const wrong of [
    { bumpRevision: 3 },
    { isCompacted: true },
    { isIdentityKept: true },
    { fence: 'ab' },
    { isIdentityKept: true, fence: 'mine' },
  ]) {
    await assert.rejects(
      restoreFile('x.db', { ...restoreFlags, ...wrong }, recorded()),
      hasCode('CLI_USAGE', /--/),
    );
  }
});
