// Starts three nodes as three processes, uses them, adds a fourth, removes one, kills the leader,
// and then looks for every key on every node: `node examples/kv-http/demo.ts`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from '../free-ports.ts';
import { askOnce, KvClient } from './kv-client.ts';
import { ServerProcess } from './server-process.ts';

interface Status {
  readonly leader: number;
  readonly appliedIndex: number;
  readonly members: readonly { readonly id: number; readonly role: string }[];
}

const directory = mkdtempSync(join(tmpdir(), 'quorate-kv-'));
const ports = await freePorts(4);
const addresses = ports.map((port) => `127.0.0.1:${port}`);
const servers = new Map<number, ServerProcess>();
const client = new KvClient([]);
const written = new Map<string, string>();
let lastKey = 0;

function node(id: number): ServerProcess {
  const server = servers.get(id);
  if (server === undefined) throw new Error(`node ${id} runs`);
  return server;
}

async function start(id: number, ...how: string[]): Promise<void> {
  const words = ['--listen', addresses[id - 1] ?? '', '--data', join(directory, `node${id}`)];
  servers.set(id, await ServerProcess.start(id, [...words, ...how]));
  useAll();
}

/** The client asks those that run. */
function useAll(): void {
  client.urls.splice(0, client.urls.length, ...[...servers.values()].map(({ url }) => url));
}

async function statusOf(id: number): Promise<Status> {
  return JSON.parse((await askOnce(node(id).url, 'GET', '/status')).text) as Status;
}

async function until(id: number, what: (status: Status) => boolean): Promise<Status> {
  for (;;) {
    const status = await statusOf(id);
    if (what(status)) return status;
    await pause(50);
  }
}

async function putMore(count: number): Promise<void> {
  for (let left = count; left > 0; left--) {
    const key = `key-${++lastKey}`;
    const value = `value of ${key}`;
    const { status, text } = await client.ask('PUT', `/keys/${key}`, value);
    if (status !== 201 && status !== 200) throw new Error(`PUT ${key}: ${status} ${text}`);
    written.set(key, value);
  }
}

async function addFourth(): Promise<void> {
  const body = JSON.stringify({ id: 4, address: addresses[3] });
  const { status, text } = await client.ask('POST', '/nodes', body);
  if (status !== 201) throw new Error(`POST /nodes: ${status} ${text}`);
  await start(4, '--join', addresses.slice(0, 3).join(','));
  await until(4, ({ members }) => members.some(({ id, role }) => id === 4 && role === 'voter'));
  console.log('added node 4: it joined as a learner, caught up, and votes');
}

async function removeFollower(): Promise<void> {
  const { leader } = await until(4, (status) => status.leader !== 0);
  const removed = [1, 2, 3].find((id) => id !== leader) ?? 0;
  const { status, text } = await client.ask('DELETE', `/nodes/${removed}`);
  // The client asks again when an answer was lost: then it is gone already.
  if (status !== 200 && status !== 404) {
    throw new Error(`DELETE /nodes/${removed}: ${status} ${text}`);
  }
  const code = await node(removed).end('SIGTERM');
  servers.delete(removed);
  useAll();
  console.log(`removed node ${removed} and stopped it with SIGTERM (exit code ${code})`);
}

async function killLeader(): Promise<number> {
  const { leader } = await until(4, (status) => status.leader !== 0);
  const { pid } = node(leader);
  await node(leader).end('SIGKILL');
  console.log(`killed node ${leader}, the leader (pid ${pid})`);
  return leader;
}

/** Asks every node by itself for every key. @returns how many were right on all of them */
async function countFound(): Promise<number> {
  const found = await Promise.all(
    [...servers.values()].map(async ({ url }) => {
      // Of one node only: what it does not know yet it waits for.
      const alone = new KvClient([url]);
      let right = 0;
      for (const [key, value] of written) {
        const { status, text } = await alone.ask('GET', `/keys/${key}`);
        if (status === 200 && text === value) right += 1;
      }
      return right;
    }),
  );
  return Math.min(...found);
}

/** @returns what it came to, and whether that is right */
async function play(): Promise<readonly [summary: string, isRight: boolean]> {
  const peers = [1, 2, 3].map((id) => `${id}=${addresses[id - 1]}`).join(',');
  await Promise.all([1, 2, 3].map((id) => start(id, '--peers', peers)));
  console.log(`three nodes are up: ${client.urls.join(' ')}`);
  await putMore(15);
  console.log('put 15 keys, through each node in turn');
  const { status } = await client.ask('DELETE', '/keys/key-15');
  written.delete('key-15');
  const { status: gone } = await client.ask('GET', '/keys/key-15');
  console.log(`deleted one again (${status}), and then it was not there (${gone})`);
  await addFourth();
  await removeFollower();
  // Keys are on their way while the leader dies.
  const [, killed] = await Promise.all([putMore(20), killLeader()]);
  servers.delete(killed);
  useAll();
  await putMore(5);
  const { leader } = await until(4, (now) => now.leader !== 0 && now.leader !== killed);
  console.log(`node ${leader} leads now; 25 more keys were put meanwhile`);
  await start(killed);
  const found = await countFound();
  const result = `${written.size} keys acknowledged, ${found} found on each of 3 nodes`;
  console.log(`node ${killed} is back`);
  return [result, found === written.size && gone === 404];
}

let summary = 'it did not come to its end';
try {
  const [result, isRight] = await play();
  summary = result;
  process.exitCode = isRight ? 0 : 1;
} finally {
  await Promise.all([...servers.values()].map((server) => server.end('SIGTERM')));
  rmSync(directory, { recursive: true, force: true });
  // Last, after all that the servers have to say.
  console.log(summary);
}
