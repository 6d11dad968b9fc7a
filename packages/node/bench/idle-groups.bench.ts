import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Address, StateMachine } from '@quorate/base';
import { clusterIdOf, openMember } from '../src/index.ts';
import type { ClusterMember, MemberOptions } from '../src/member.ts';

const usage = `What idle groups cost: three nodes in one process, on real sockets and disks.

  npm run bench -- idle-groups [--groups 1000] [--seconds 10] [--awake]

  --groups N    in each node (default 1000)
  --seconds N   how long to watch them do nothing (default 10)
  --awake       never let them sleep, for comparison

Prints the share of one core that the whole process takes, and one line of JSON.
`;

const targetShare = 0.02;

class Nothing implements StateMachine<null> {
  apply(entries: readonly unknown[]): null[] {
    return entries.map(() => null);
  }

  snapshot(): Iterator<Uint8Array, void> {
    return [new Uint8Array(1)].values();
  }

  restore(): { chunk: () => void; finish: () => void } {
    return { chunk: () => undefined, finish: () => undefined };
  }
}

async function freeAddresses(count: number): Promise<Address[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const addresses = servers.map((server) => {
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return addresses;
}

async function open(directory: string, groups: number, awake: boolean): Promise<ClusterMember[]> {
  const addresses = await freeAddresses(3);
  const members = new Map(addresses.map((address, at) => [at + 1, address]));
  const names = Array.from({ length: groups }, (_, at) => `group-${at}`);
  const options = addresses.map(
    (listen, at): MemberOptions => ({
      nodeId: at + 1,
      clusterId: clusterIdOf('idle-groups', members.keys()),
      dataDirectory: join(directory, `node-${at + 1}`),
      listen,
      members,
      groups: Object.fromEntries(names.map((name) => [name, new Nothing()])),
      tuning: { quiesceAfterMs: awake ? null : 1000 },
      log: { level: 'silent', format: 'json' },
    }),
  );
  return Promise.all(options.map((one) => openMember(one)));
}

async function allLed(nodes: readonly ClusterMember[], groups: number): Promise<void> {
  for (;;) {
    let led = 0;
    for (let at = 0; at < groups; at++) {
      const group = `group-${at}`;
      if (nodes.some((node) => node.group(group).status().role === 'leader')) led += 1;
    }
    if (led === groups) return;
    console.log(`${led} of ${groups} groups have a leader`);
    await sleep(1000);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      groups: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '10' },
      awake: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [groups, seconds] = [Number(values.groups), Number(values.seconds)];
  if (values.help || !(groups >= 1) || !(seconds >= 1)) {
    console.log(usage);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'quorate-idle-'));
  const nodes = await open(directory, groups, values.awake);
  try {
    await allLed(nodes, groups);
    // Until the last of them has fallen asleep.
    await sleep(8000);
    const cpu = process.cpuUsage();
    const startMs = performance.now();
    await sleep(seconds * 1000);
    const { user, system } = process.cpuUsage(cpu);
    const share = (user + system) / 1000 / (performance.now() - startMs);
    const percent = (100 * share).toFixed(2);
    console.log(`${groups} idle groups on three nodes: ${percent} % of a core`);
    const reached = share < targetShare;
    console.log(JSON.stringify({ groups, seconds, awake: values.awake, share, reached }));
  } finally {
    await Promise.all(nodes.map((node) => node.close()));
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
