import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { NodeError, openShards, type ShardsOptions } from '../../src/index.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { Lists } from './sharded-cluster.ts';

const create = (shard: number): Lists => new Lists(shard);
const peers = { 1: '127.0.0.1:7001', 2: '127.0.0.1:7002', 3: '127.0.0.1:7003' };
const good = {
  id: 1,
  dataDir: null,
  listen: '127.0.0.1:7001',
  peers,
  shards: { count: 4, create },
  log: { level: 'silent', format: 'json' },
} as const;

async function fieldOf(options: unknown): Promise<string> {
  try {
    await openShards(options as ShardsOptions);
  } catch (error) {
    assert.ok(error instanceof NodeError, String(error));
    const { code, metadata, message } = error as NodeError<'NODE_OPTIONS_INVALID'>;
    assert.equal(code, 'NODE_OPTIONS_INVALID');
    assert.ok(message.includes(metadata.fix));
    return metadata.field;
  }
  return assert.fail('it was opened');
}

describe('options of shards', () => {
  it('are refused with the path of the field and what to give', async () => {
    const { shards } = good;
    const one = new Lists(0);
    const cases: readonly (readonly [string, unknown])[] = [
      ['options', null],
      ['groups', { ...good, groups: { a: create } }],
      ['learner', { ...good, learner: true }],
      ['color', { ...good, color: 1 }],
      ['id', { ...good, id: 0 }],
      ['shards', { ...good, shards: 4 }],
      ['shards.size', { ...good, shards: { ...shards, size: 4 } }],
      ['shards.create', { ...good, shards: { count: 4 } }],
      ['shards.create', { ...good, shards: { count: 4, create: () => ({}) } }],
      ['shards.create', { ...good, shards: { count: 4, create: () => one } }],
      ['shards.count', { ...good, shards: { create } }],
      ['shards.count', { ...good, shards: { ...shards, count: 0 } }],
      ['shards.count', { ...good, shards: { ...shards, count: 4097 } }],
      ['shards.count', { ...good, shards: { ...shards, count: 1.5 } }],
      ['shards.replicas', { ...good, shards: { ...shards, replicas: 4 } }],
      ['shards.replicas', { ...good, shards: { ...shards, replicas: 0 } }],
      ['shards.shardOf', { ...good, shards: { ...shards, shardOf: 4 } }],
      ['peers', { ...good, peers: undefined }],
      ['peers', { ...good, peers: { 2: peers[2] } }],
      ['join', { ...good, join: ['127.0.0.1:7002'] }],
    ];
    for (const [field, options] of cases) assert.equal(await fieldOf(options), field);
  });

  it('name a directory whose record can be read', async () => {
    using directory = temporaryDirectory();
    const dataDir = join(directory.path, 'data');
    mkdirSync(dataDir);
    for (const text of ['', '[]', '{"version":2,"count":4,"replicas":3}', 'x'.repeat(5000)]) {
      writeFileSync(join(dataDir, 'shards.json'), text);
      await assert.rejects(openShards({ ...good, dataDir }), (error) => {
        assert.match(String(error), /shards\.json is not what this version writes/);
        return error instanceof NodeError && error.code === 'NODE_SHARDS_MISMATCH';
      });
    }
  });
});
