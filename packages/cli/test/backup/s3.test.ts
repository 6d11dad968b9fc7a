import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { BackupTarget } from '@quorate/server';
import { openTarget } from '../../src/backup/open-target.ts';
import { backupNow, listBackups, verifyBackups } from '../../src/commands/backup.ts';
import { saveSnapshot } from '../../src/commands/snapshot.ts';
import { temporaryDirectory } from '../run-program.ts';
import { recorded, served } from './served.ts';

interface S3Server {
  run(): Promise<AddressInfo>;
  close(): Promise<void>;
}

/** It brings no types. */
const S3rver = createRequire(import.meta.url)('s3rver') as new (options: object) => S3Server;

/** An S3 service on this machine, with one bucket. */
async function s3Service(context: TestContext, directory: string): Promise<string> {
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory: join(directory, 's3'),
    configureBuckets: [{ name: 'backups' }],
  });
  const { port } = await server.run();
  const before = { ...process.env };
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' });
  context.after(async () => {
    process.env = before;
    await server.close();
  });
  return `http://127.0.0.1:${port}`;
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function content(target: BackupTarget, name: string): Promise<Buffer> {
  const read: Uint8Array[] = [];
  for await (const piece of target.read(name)) read.push(piece);
  return Buffer.concat(read);
}

test('a bucket keeps files of several parts, below its prefix', async (context) => {
  const directory = await temporaryDirectory(context);
  const endpoint = await s3Service(context, directory);
  const target = await openTarget('s3://backups/some/where', endpoint);
  const other = await openTarget('s3://backups/some', endpoint);
  const bytes = new Uint8Array(20 * 1024 * 1024).map((_, at) => (at * 31) >>> 5);
  await target.write('large.db', pieces(bytes, 1_000_000));
  await target.write('small.db', pieces(bytes.subarray(0, 100), 7));
  const sizes = new Map((await target.list()).map((file) => [file.name, file.bytes]));
  const expected = new Map([
    ['large.db', bytes.length],
    ['small.db', 100],
  ]);
  assert.deepEqual(sizes, expected);
  assert.ok((await content(target, 'large.db')).equals(bytes));
  await target.remove('large.db');
  assert.deepEqual(
    (await other.list()).map(({ name }) => name),
    ['where/small.db'],
  );
  await assert.rejects(content(target, 'large.db'), /./);
});

test('a file whose bytes fail on the way is not there', async (context) => {
  const directory = await temporaryDirectory(context);
  const endpoint = await s3Service(context, directory);
  async function* failing(): AsyncGenerator<Uint8Array, void> {
    yield new Uint8Array(1000);
    throw new Error('the disk is gone');
  }
  for (const place of ['s3://backups/x', join(directory, 'plain')]) {
    const target = await openTarget(place, endpoint);
    await assert.rejects(target.write('a.db', failing()), /the disk is gone/);
    assert.deepEqual(await target.list(), []);
  }
  await assert.rejects(openTarget('s3://No_Bucket!', endpoint), /no place in a bucket/);
});

test('a backup is made into a bucket, listed, and verified there', async (context) => {
  const directory = await temporaryDirectory(context);
  const s3Endpoint = await s3Service(context, directory);
  const { client, endpoint } = await served(context, directory);
  await client.put('a', '1');
  const place = { target: 's3://backups/quorate', s3Endpoint };
  const flags = { endpoints: endpoint, timeoutMs: undefined };
  const output = recorded();
  const nothing = verifyBackups(place, false, output);
  await assert.rejects(nothing, /there is no backup/);
  assert.equal(await backupNow(place, flags, output), 0);
  assert.equal(await listBackups(place, output), 0);
  assert.equal(await verifyBackups(place, true, output), 0);
  const [made, listed, verified] = output.said;
  assert.equal(made?.['revision'], 2);
  assert.equal(listed?.['name'], made?.['name']);
  assert.deepEqual([verified?.['name'], verified?.['isGood']], [made?.['name'], true]);
  const one = { ...place, target: `${place.target}/${made?.['name']}` };
  assert.equal(await verifyBackups(one, false, output), 0);
});

test('a damaged backup among good ones is told, and fails the whole', async (context) => {
  const directory = await temporaryDirectory(context);
  const { client, endpoint } = await served(context, directory);
  await client.put('a', '1');
  const place = { target: join(directory, 'backups'), s3Endpoint: null };
  const flags = { endpoints: endpoint, timeoutMs: undefined };
  const output = recorded();
  await backupNow(place, flags, output);
  const target = await openTarget(place.target, null);
  const [good] = await target.list();
  assert.ok(good !== undefined);
  const bytes = await content(target, good.name);
  bytes[9000] = (bytes[9000] as number) ^ 1;
  const bad = good.name.replace(/r\d{16}/, `r${'9'.repeat(15)}0`);
  await target.write(bad, pieces(bytes, 4096));
  await assert.rejects(verifyBackups(place, false, output), /1 of 2 are damaged/);
  const verdicts = output.said.slice(1).map(({ name, isGood }) => [name, isGood]);
  assert.deepEqual(verdicts, [
    [good.name, true],
    [bad, false],
  ]);
  const file = join(directory, 'one.db');
  await saveSnapshot(file, { ...flags, isForced: false }, output);
  assert.equal(await verifyBackups({ ...place, target: file }, false, output), 0);
});
