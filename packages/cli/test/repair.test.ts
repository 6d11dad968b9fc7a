import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { startServer } from '@quorate/server';
import { runProgram, temporaryDirectory } from './run-program.ts';

const log = { level: 'silent', format: 'logfmt' } as const;
const loopback = { host: '127.0.0.1', port: 0 };

/** A node alone in its cluster, from its start to its end. */
async function runOnce(dataDirectory: string): Promise<void> {
  const server = await startServer({
    name: 'n1',
    dataDirectory,
    members: [{ name: 'n1', peerUrls: ['http://127.0.0.1:2380'] }],
    clusterToken: 'repair',
    listenPeer: loopback,
    listenClient: [loopback],
    advertiseClientUrls: ['http://127.0.0.1:2379'],
    tuning: { heartbeatIntervalMs: 20, electionTimeoutMs: 100, segmentBytes: 65_536 },
    log,
  });
  await new Promise<void>((resolve) => {
    const isLed = (leader: bigint): void => {
      if (leader !== 0n) resolve();
    };
    server.onLeader(isLed);
    isLed(server.status().leader);
  });
  await server.close();
}

/** @param offsetIn says from the bytes of the first segment that is written to which one to flip */
async function flipByte(dataDirectory: string, offsetIn: OffsetIn): Promise<void> {
  const [first = ''] = await readdir(join(dataDirectory, 'wal'));
  const name = first.startsWith('0000000000000001') ? '0000000000000002.seg' : first;
  const path = join(dataDirectory, 'wal', name);
  const bytes = await readFile(path);
  const offset = offsetIn(bytes);
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 16, offset);
  await writeFile(path, bytes);
}

type OffsetIn = (segment: Buffer) => number;

const segmentHeaderBytes = 40;
const batchHeaderBytes = 32;
const recordHeaderBytes = 20;
const kindOfEntries = 3;

/**
 * Where the body of the first entry is: a node that was slow may have voted several times before
 * it. Later batches follow it.
 */
function firstEntry(segment: Buffer): number {
  let batch = segmentHeaderBytes;
  for (;;) {
    const end = batch + batchHeaderBytes + segment.readUInt32LE(batch + 16);
    assert.ok(end > batch + batchHeaderBytes, 'the segment has an entry');
    for (let record = batch + batchHeaderBytes; record < end; ) {
      const body = record + recordHeaderBytes;
      if (segment[record + 16] === kindOfEntries) return body;
      record = body + segment.readUInt32LE(record + 4);
    }
    batch = Math.ceil(end / 8) * 8;
  }
}

async function damagedNode(context: TestContext, offsetIn: OffsetIn): Promise<string> {
  const directory = await temporaryDirectory(context);
  const dataDirectory = join(directory, 'data');
  await runOnce(dataDirectory);
  await runOnce(dataDirectory);
  await flipByte(dataDirectory, offsetIn);
  await assert.rejects(runOnce(dataDirectory), /run quorate repair/);
  return dataDirectory;
}

describe('quorate repair', () => {
  it('mends what can be mended, after it has said so', async (context) => {
    // The checksum of a batch's header: nothing is lost.
    const dataDirectory = await damagedNode(context, () => segmentHeaderBytes + 4);
    const words = ['repair', '--data-dir', dataDirectory];
    const dry = await runProgram([...words, '--dry-run']);
    assert.match(dry.stdout, /damage: .*2\.seg at offset 40: a batch is damaged\n/);
    assert.match(dry.stdout, /group \d+: whole, up to entry \d+\nnothing was changed; /);
    assert.deepEqual([dry.exitCode, dry.stderr], [0, '']);
    const names = await readdir(dataDirectory);
    const done = await runProgram(words);
    assert.equal(done.exitCode, 0);
    assert.match(done.stdout, /repaired; the damaged files are in .*damaged-\d+\. Start/);
    assert.match(done.stderr, /the log was repaired/);
    const added = (await readdir(dataDirectory)).filter((name) => !names.includes(name));
    assert.equal(added.length, 1);
    await runOnce(dataDirectory);
    const again = await runProgram([...words, '--json']);
    assert.equal(JSON.parse(again.stdout).outcome, 'intact');
  });

  it('does not promise the only voter what others would have to send', async (context) => {
    const dataDirectory = await damagedNode(context, firstEntry);
    const words = ['repair', '--data-dir', dataDirectory];
    const names = await readdir(dataDirectory);
    const refused = await runProgram(words);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stdout, /group \d+: cannot be repaired: .* no other voter is known/);
    assert.match(refused.stderr, /Nothing was changed.* restore a backup/);
    assert.doesNotMatch(refused.stderr, /on the others/);
    assert.deepEqual(await readdir(dataDirectory), names);
  });

  it('says so when nothing can mend it, and changes nothing', async (context) => {
    const dataDirectory = await temporaryDirectory(context);
    const words = ['repair', '--data-dir', join(dataDirectory, 'missing')];
    const missing = await runProgram(words);
    assert.equal(missing.exitCode, 1);
    assert.match(missing.stderr, /^quorate: .* was not repaired: /);
    const foreign = await runProgram(['repair', '--data-dir', dataDirectory, '--json']);
    assert.equal(JSON.parse(foreign.stderr).error.code, 'CLI_REPAIR_FAILED');
    assert.deepEqual(await readdir(dataDirectory), []);
  });
});
