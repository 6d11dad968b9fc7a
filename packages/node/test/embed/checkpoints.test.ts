import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SessionStateMachine } from '@quorate/runtime';
import {
  groupIdOf,
  type NodeOptions,
  openNode,
  type QuorateNode,
  repairNode,
} from '../../src/index.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { commandOf, Diary } from './diary.ts';
import { freePort } from './test-cluster.ts';

type DiaryNode = QuorateNode<{ readonly diary: () => Diary }>;

const text = (at: number): string => `${'line '.repeat(20)}${at}`;

/** A node whose log is cut behind a checkpoint every few proposals. */
function open(
  dataDir: string | null,
  diary: Diary,
  given: Partial<Omit<NodeOptions, 'peers'>> & {
    readonly peers?: NodeOptions['peers'] | null;
  } = {},
): Promise<DiaryNode> {
  const { peers = { 1: '127.0.0.1:0' }, ...others } = given;
  let made = 0;
  return openNode({
    id: 1,
    dataDir,
    listen: '127.0.0.1:0',
    ...(peers === null ? {} : { peers }),
    log: { level: 'silent', format: 'json' },
    tuning: {
      heartbeatIntervalMs: 30,
      electionTimeoutMs: 300,
      snapshotLogBytes: 500,
      snapshotTailEntries: 0,
    },
    onHalt: (error) => assert.fail(error),
    ...others,
    // The first one is made to look at it, the next one is the one; in checked mode more follow.
    groups: { diary: () => (made++ === 1 ? diary : new Diary()) },
  });
}

/** Until the node has named so many checkpoints. */
async function write(node: DiaryNode, { told }: Diary, checkpoints: number): Promise<number> {
  const group = node.group('diary');
  for (let at = 0; ; at++) {
    if (told.collected.length >= checkpoints) return await group.read('count');
    assert.ok(at < 200, 'checkpoints are named');
    await group.propose(commandOf(text(at)));
  }
}

describe('a state machine of one’s own with checkpoints', () => {
  it('keeps files in the node’s directory, and begins again from what refers to them', async () => {
    using directory = temporaryDirectory();
    const dataDir = directory.path;
    const diary = new Diary();
    await using node = await open(dataDir, diary);
    const count = await write(node, diary, 2);
    const all = [...diary.all];
    await node.close();
    const own = join(dataDir, 'machines', `${groupIdOf('diary')}`);
    assert.deepEqual(diary.told.opened, [own]);
    assert.equal(diary.told.closed, 1);
    const names = readdirSync(own);
    assert.ok(names.length >= 2, `${names}`);
    for (const name of readdirSync(join(dataDir, 'snapshots'))) {
      const stored = readFileSync(join(dataDir, 'snapshots', name), 'utf8');
      assert.ok(stored.includes('@lines-') && !stored.includes(text(0)), name);
    }
    const again = new Diary();
    await using node2 = await open(dataDir, again);
    assert.equal(await node2.group('diary').read('count'), count);
    assert.deepEqual(again.all, all);
    await node2.close();
  });

  it('sends another node what they refer to', async () => {
    using directory = temporaryDirectory();
    const [port1, port2] = [await freePort(), await freePort()];
    const peers = { 1: `127.0.0.1:${port1}` };
    const diary = new Diary();
    await using node = await open(join(directory.path, '1'), diary, { listen: peers[1], peers });
    await write(node, diary, 2);
    const other = new Diary();
    await using node2 = await open(join(directory.path, '2'), other, {
      id: 2,
      listen: `127.0.0.1:${port2}`,
      join: [peers[1]],
      peers: null,
    });
    assert.equal(await node2.group('diary').read('count'), diary.all.length);
    assert.deepEqual(other.all, diary.all);
    assert.equal(diary.told.expansions, 0);
    await node2.close();
    await node.close();
  });

  it('has whole ones where there is no directory', async () => {
    const diary = new Diary();
    await using node = await open(null, diary);
    await write(node, diary, 2);
    assert.deepEqual(diary.told.opened, []);
    assert.ok(diary.told.taken.length > 0);
    await node.close();
  });

  it('may run checked, on the same directory as unchecked', async () => {
    using directory = temporaryDirectory();
    let count = 0;
    for (const checked of [false, true, true, false]) {
      const diary = new Diary();
      await using node = await open(directory.path, diary, { checked });
      assert.equal(await node.group('diary').read('count'), count, `checked: ${checked}`);
      count = await write(node, diary, 2);
      await node.close();
    }
  });

  it('is repaired with a fresh one that reads what they refer to', async () => {
    using directory = temporaryDirectory();
    const dataDirectory = directory.path;
    const diary = new Diary();
    await using node = await open(dataDirectory, diary);
    await write(node, diary, 2);
    await node.close();
    const fresh = new Diary();
    const results = { encode: () => new Uint8Array(), decode: () => 0 };
    const machines = { diary: new SessionStateMachine(fresh, { results }) };
    const log = { level: 'silent', format: 'json' } as const;
    const report = await repairNode({ dataDirectory, dryRun: true, machines, log });
    assert.deepEqual(report.damage, []);
    assert.deepEqual([fresh.told.opened.length, fresh.told.closed], [1, 1]);
  });

  it('that are none is refused before anything happened', async () => {
    const diary = Object.assign(new Diary(), { checkpoints: { take: () => undefined } });
    const options = {
      id: 1,
      dataDir: null,
      listen: '127.0.0.1:0',
      peers: { 1: '127.0.0.1:0' },
      groups: { diary },
    } as unknown as NodeOptions;
    await assert.rejects(openNode(options), {
      code: 'NODE_OPTIONS_INVALID',
      message: /groups\["diary"\]\.checkpoints has no method open: give all that Checkpoints/,
    });
  });
});
