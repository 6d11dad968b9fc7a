import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Address, StateMachine } from '@quorate/base';
import { clusterIdOf, NodeError, openMember } from '../src/index.ts';
import type { ClusterMember, MemberOptions } from '../src/member.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** Adds up the first byte of every command. */
class Sum implements StateMachine<number> {
  total = 0;

  apply(entries: Parameters<StateMachine<number>['apply']>[0]): number[] {
    return entries.map(({ command }) => {
      this.total += command[0] as number;
      return this.total;
    });
  }

  snapshot(): Iterator<Uint8Array, void> {
    return [Uint8Array.of(this.total & 0xff, (this.total >>> 8) & 0xff)].values();
  }

  restore(): ReturnType<StateMachine<number>['restore']> {
    const bytes: number[] = [];
    return {
      chunk: (chunk) => bytes.push(...chunk),
      finish: () => {
        this.total = (bytes[0] as number) + (bytes[1] as number) * 256;
      },
    };
  }
}

/** Ports that were free a moment ago; members must know each other's before any listens. */
async function freeAddresses(count: number): Promise<Address[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const addresses = servers.map((server) => {
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return addresses;
}

async function cluster(directory: string, size: number): Promise<MemberOptions[]> {
  const addresses = await freeAddresses(size);
  const members = new Map(addresses.map((address, i) => [i + 1, address]));
  return addresses.map((listen, i) => ({
    nodeId: i + 1,
    clusterId: clusterIdOf('test', members.keys()),
    dataDirectory: join(directory, `node-${i + 1}`),
    listen,
    members,
    groups: { sum: new Sum() },
    tuning: { heartbeatIntervalMs: 50, electionTimeoutMs: 300, segmentBytes: 4 * 1024 * 1024 },
    log: { level: 'silent', format: 'json' },
    onHalt: (error) => assert.fail(error),
  }));
}

function leaderKnown(node: ClusterMember): Promise<void> {
  const group = node.group<number>('sum');
  return new Promise((fulfil) => {
    group.onLeadership((status) => {
      if (status.leader !== 0) fulfil();
    });
    if (group.status().leader !== 0) fulfil();
  });
}

test('three nodes on loopback agree, answer linearizable reads, and remember', async () => {
  using directory = temporaryDirectory();
  const options = await cluster(directory.path, 3);
  {
    const nodes = await Promise.all(options.map(openMember));
    await using stack = new AsyncDisposableStack();
    for (const node of nodes) stack.use(node);
    await Promise.all(nodes.map(leaderKnown));
    const results: number[] = [];
    for (const node of nodes) {
      const applied = await node.group<number>('sum').propose(Uint8Array.of(5));
      results.push(applied.result);
    }
    assert.deepEqual(results, [5, 10, 15]);
    for (const [i, node] of nodes.entries()) {
      const machine = options[i]?.groups['sum'] as Sum;
      assert.equal(await node.group('sum').read(() => machine.total), 15);
    }
    const first = nodes[0] as ClusterMember;
    assert.equal(first.nodeId, 1);
    assert.deepEqual(first.address, options[0]?.listen);
    await assert.rejects(
      first.group('sum').read(async () => 1),
      /synchronous/,
    );
    await assert.rejects(
      first.group('sum').read(() => {
        throw new RangeError('from the query');
      }),
      RangeError,
    );
    assert.throws(
      () => first.group('other'),
      (error) => error instanceof NodeError && error.code === 'NODE_GROUP_UNKNOWN',
    );
    const text = await first.metricsText();
    assert.match(text, /^process_resident_memory_bytes \d+$/m);
    assert.match(text, /^quorate_/m);
  }
  const again = options.map((option) => ({ ...option, groups: { sum: new Sum() } }));
  const nodes = await Promise.all(again.map(openMember));
  await using stack = new AsyncDisposableStack();
  for (const node of nodes) stack.use(node);
  const last = nodes[2] as ClusterMember;
  await leaderKnown(last);
  const machine = again[2]?.groups.sum as Sum;
  assert.equal(await last.group('sum').read(() => machine.total), 15);
});

test('a data directory serves one node at a time', async () => {
  using directory = temporaryDirectory();
  const [options] = await cluster(directory.path, 1);
  {
    await using node = await openMember(options as MemberOptions);
    const [other] = await freeAddresses(1);
    const second = { ...options, listen: other } as MemberOptions;
    await assert.rejects(openMember(second), /data directory .* is in use/);
    await Promise.all([node.close(), node.close()]);
  }
  await (await openMember(options as MemberOptions)).close();
});

test('an address in use is an error of openMember that names it', async () => {
  using directory = temporaryDirectory();
  const [options] = await cluster(directory.path, 1);
  const { listen } = options as MemberOptions;
  const server = createServer().listen(listen.port, listen.host);
  await once(server, 'listening');
  const opened = openMember(options as MemberOptions);
  await opened.catch(() => undefined);
  await once(server.close(), 'close');
  await assert.rejects(opened, new RegExp(`:${listen.port}.*in use`));
  await (await openMember(options as MemberOptions)).close();
});

test('options that cannot be are refused before anything is touched', async () => {
  await assert.rejects(
    openMember({} as MemberOptions),
    (error) => error instanceof NodeError && error.code === 'NODE_OPTIONS_INVALID',
  );
});

test('a node whose data directory is deleted stops itself, and says what happened', async () => {
  using directory = temporaryDirectory();
  const [options] = await cluster(directory.path, 1);
  assert.ok(options !== undefined);
  const halted = Promise.withResolvers<Error>();
  const tuning = { ...options.tuning, segmentBytes: 64 * 1024 };
  await using node = await openMember({ ...options, tuning, onHalt: halted.resolve });
  await leaderKnown(node);
  const sum = node.group<number>('sum');
  const command = new Uint8Array(16 * 1024).fill(1);
  await sum.propose(command);
  rmSync(join(directory.path, 'node-1'), { recursive: true });
  const failed = (async (): Promise<unknown> => {
    for (let i = 0; i < 1000; i++) {
      try {
        await sum.propose(command);
      } catch (error) {
        return error;
      }
    }
    return null;
  })();
  const error = await halted.promise;
  assert.match(error.message, /^the directory of the log is gone.*ENOENT.*This node must stop/);
  assert.notEqual(((await failed) as { code?: string }).code, 'RUNTIME_STORAGE_FULL');
});
