// Keys are put into eight shards on five nodes while a shard is moved, a node is killed and its
// shards are moved off it: `node examples/sharded-kv/main.ts`. README.md beside this file says how.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ShardPlacement, Shards } from '@quorate/node';
import { RuntimeError } from '@quorate/runtime';
import { freePorts } from '../free-ports.ts';
import { Founders } from './founders.ts';
import { founders as founderCount, openStore, shardCount } from './open-store.ts';
import type { Store } from './store.ts';

const directory = mkdtempSync(join(tmpdir(), 'quorate-shards-'));
const ports = await freePorts(founderCount + 1);
const addresses = ports.map((port) => `127.0.0.1:${port}`);
const founders = new Founders(ports, directory);
/** This process's own node: it joins the founders. */
const self = founderCount + 1;
const written = new Map<string, string>();

/** To put a key twice is as to put it once, so what may be lost is put again. */
async function put(shards: Shards<Store>, key: string, value: string): Promise<void> {
  for (;;) {
    try {
      await shards.propose(key, { key, value });
      written.set(key, value);
      return;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      await pause(50);
    }
  }
}

/** Eight at a time. */
async function putMore(shards: Shards<Store>, count: number): Promise<void> {
  const first = written.size + 1;
  const keys = Array.from({ length: count }, (_, at) => `key-${first + at}`);
  const caller = async (): Promise<void> => {
    for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
      await put(shards, key, `value of ${key}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, caller));
}

/** Puts keys until `work` is done. */
async function meanwhile(shards: Shards<Store>, work: Promise<unknown>): Promise<number> {
  const before = written.size;
  let isOver = false;
  const ended = work.finally(() => {
    isOver = true;
  });
  while (!isOver) await putMore(shards, 16);
  await ended;
  return written.size - before;
}

function shardsOf(placement: readonly ShardPlacement[], node: number): readonly number[] {
  return placement
    .filter(({ members }) => members.some(({ id }) => id === node))
    .map(({ shard }) => shard);
}

/** Once every shard has a leader. */
async function settled(shards: Shards<Store>): Promise<readonly ShardPlacement[]> {
  for (;;) {
    const placement = await shards.placement();
    if (placement.every(({ leader }) => leader !== 0)) return placement;
    await pause(100);
  }
}

async function showLeaders(shards: Shards<Store>): Promise<void> {
  const placement = await settled(shards);
  const led = Array.from({ length: self }, (_, at) => {
    const count = placement.filter(({ leader }) => leader === at + 1).length;
    return `node ${at + 1} leads ${count}`;
  });
  console.log(led.join(', '));
}

async function play(shards: Shards<Store>): Promise<boolean> {
  const placement = await settled(shards);
  console.log(`${founderCount} founders hold ${shardCount} shards; node ${self} joined, with none`);
  for (const { shard, members } of placement) {
    console.log(`  shard ${shard} is on nodes ${members.map(({ id }) => id).join(', ')}`);
  }
  await putMore(shards, 200);
  console.log(`put ${written.size} keys through node ${self}`);
  await shards.balanceLeaders();
  await showLeaders(shards);
  await meanwhile(shards, shards.move(0, { from: 1, to: self }));
  console.log(`moved shard 0 from node 1 to node ${self} while keys were put`);
  await founders.kill(2);
  const lost = shardsOf(placement, 2);
  const moves = lost.map((shard) => {
    const holders = placement[shard]?.members.map(({ id }) => id) ?? [];
    const to = [1, 3, 4].find((id) => !holders.includes(id)) ?? self;
    return shards.move(shard, { from: 2, to });
  });
  await meanwhile(shards, Promise.all(moves));
  console.log(`killed node 2, and moved its ${lost.length} shards off it while keys were put`);
  await founders.start(2);
  await shards.balanceLeaders();
  await showLeaders(shards);
  return judge(shards, lost.length + 1);
}

/** Asks every node by itself for every key. */
async function judge(shards: Shards<Store>, moved: number): Promise<boolean> {
  const keys = [...written.keys()];
  const own = Promise.all(keys.map((key) => shards.read(key, key)));
  const others = Array.from({ length: founderCount }, (_, at) => founders.read(at + 1, keys));
  const answers = await Promise.all([own, ...others]);
  const counts = answers.map(
    (found) => found.filter((value, at) => value === written.get(keys[at] ?? '')).length,
  );
  const isWhole = counts.every((count) => count === written.size);
  const verdict = isWhole ? 'every key was found' : `only ${counts.join(', ')} keys were found`;
  console.log(`${verdict} through each of ${self} nodes, after ${moved} moves and a lost node`);
  return isWhole;
}

try {
  await founders.startAll();
  const shards = await openStore(self, addresses, directory);
  try {
    process.exitCode = (await play(shards)) ? 0 : 1;
  } finally {
    await shards.close();
  }
} finally {
  await founders.stopAll();
  rmSync(directory, { recursive: true, force: true });
}
