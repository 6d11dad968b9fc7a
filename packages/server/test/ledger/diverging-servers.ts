import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LedgerMachine } from '@quorate/ledger';
import { type LedgerServer, startLedgerServer } from '@quorate/server';
import { freePorts } from '../cluster-options.ts';
import { LedgerCalls } from './ledger-calls.ts';

// Three servers of a ledger, one of which gets another balance behind the back of all of them. Its
// logs are what the process says; on standard output, one line: who should stop, and who did.

const names = ['n1', 'n2', 'n3'] as const;

/** In the order in which they were made: each server asks its own for this once. */
const machines: LedgerMachine[] = [];
const inherited = Object.getOwnPropertyDescriptor(LedgerMachine.prototype, 'checkpoints');
Object.defineProperty(LedgerMachine.prototype, 'checkpoints', {
  get(this: LedgerMachine) {
    if (!machines.includes(this)) machines.push(this);
    return inherited?.get?.call(this);
  },
});

const batches = 1024;
const halted = Promise.withResolvers<string>();
const directory = await mkdtemp(join(tmpdir(), 'quorate-diverging-'));
const ports = await freePorts(names.length);
const members = names.map((name, at) => {
  return { name, peerUrls: [`http://127.0.0.1:${ports[at]}`] };
});

const servers: LedgerServer[] = [];
for (const [at, name] of names.entries()) {
  const server = await startLedgerServer({
    ...{ name, members, clusterToken: directory, dataDirectory: join(directory, name) },
    ...{ listenPeer: { host: '127.0.0.1', port: ports[at] ?? assert.fail() } },
    ...{ listenClient: [{ host: '127.0.0.1', port: 0 }], advertiseClientUrls: [] },
    tuning: { heartbeatIntervalMs: 40, electionTimeoutMs: 200, segmentBytes: 4 * 1024 * 1024 },
    log: { level: 'error', format: 'json', fields: { name } },
    onHalt: () => halted.resolve(name),
  });
  servers.push(server);
}
assert.equal(machines.length, names.length);

const leader = await new Promise<LedgerServer>((found) => {
  const look = (): void => {
    const one = servers.find((server) => server.status().role === 'leader');
    if (one === undefined) setImmediate(look);
    else found(one);
  };
  look();
});
const calls = new LedgerCalls(leader);
await calls.openAccount(1n);
const wrong = servers.findIndex((server) => server !== leader);
const wrongMachine = machines[wrong] ?? assert.fail();
while (wrongMachine.books.state.accounts.count === 0) {
  await new Promise((fulfil) => setImmediate(fulfil));
}
wrongMachine.books.state.accounts.setBalance(0, 1, 77n);

let next = 2n;
const client = async (): Promise<void> => {
  while (next <= batches) await calls.openAccount(next++);
};
await Promise.all(Array.from({ length: 64 }, client));
process.stdout.write(`${JSON.stringify({ wrong: names[wrong], halted: await halted.promise })}\n`);
calls.close();
await Promise.all(servers.map((server) => server.close()));
await rm(directory, { recursive: true, force: true });
