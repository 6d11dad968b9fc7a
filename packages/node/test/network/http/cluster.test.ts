import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Address, AppliedEntry, Ports, SnapshotSink, StateMachine } from '@quorate/base';
import { silentLogger } from '@quorate/base';
import { type Host, openHost } from '@quorate/host';
import type { GroupHandle } from '@quorate/runtime';
import { createRealPorts, type RealPorts } from '../../../src/real-ports.ts';
import { temporaryDirectory } from '../../temporary-directory.ts';
import { type FaultyProxy, faultyProxy, noFaults } from './faulty-proxy.ts';
import { deadAddress, quickNetwork } from './rig.ts';

/** Adds up the first bytes of all commands. */
class Sum implements StateMachine<number> {
  total = 0;

  apply(entries: readonly AppliedEntry[]): number[] {
    return entries.map(({ command }) => {
      this.total += command[0] as number;
      return this.total;
    });
  }

  snapshot(): Iterator<Uint8Array, void> {
    return [Uint8Array.of(this.total & 0xff, this.total >>> 8)].values();
  }

  restore(): SnapshotSink {
    const bytes: number[] = [];
    return {
      chunk: (chunk) => bytes.push(...chunk),
      finish: () => {
        this.total = (bytes[0] as number) + (bytes[1] as number) * 256;
      },
    };
  }
}

interface Member {
  readonly host: Host;
  readonly ports: RealPorts;
  readonly machine: Sum;
}

function openMember(
  directory: string,
  nodeId: number,
  members: ReadonlyMap<number, Address>,
  listen: Address,
): Promise<Member> {
  const real = createRealPorts(directory, silentLogger);
  const limits = { holdMs: 5_000, answerTimeoutMs: 5_000, silenceMs: 15_000 };
  const ports: Ports = { ...real, network: quickNetwork({ limits }) };
  const machine = new Sum();
  return new Promise((fulfil, reject) => {
    openHost(
      {
        ports,
        nodeId,
        clusterId: '0123456789abcdef',
        dataDirectory: join(directory, `node-${nodeId}`),
        listen,
        members,
        groups: [{ id: 1, name: 'sum', stateMachine: machine }],
        tuning: { heartbeatIntervalMs: 50, electionTimeoutMs: 1000, segmentBytes: 2 ** 20 },
        onHalt: (error) => assert.fail(error),
      },
      (error, host) => {
        if (host === null) reject(error);
        else fulfil({ host, ports: real, machine });
      },
    );
  });
}

function propose(group: GroupHandle<number>, value: number): Promise<number> {
  return new Promise((fulfil, reject) => {
    group.propose(Uint8Array.of(value), (error, applied) => {
      if (error !== null || applied === null) reject(error);
      else fulfil(applied.result);
    });
  });
}

function leaderKnown(group: GroupHandle<number>): Promise<void> {
  return new Promise((fulfil) => {
    group.onLeadership(({ leader }) => {
      if (leader !== 0) fulfil();
    });
    if (group.status().leader !== 0) fulfil();
  });
}

test('three nodes elect and replicate through HTTP proxies', async () => {
  using directory = temporaryDirectory();
  const own = await Promise.all([1, 2, 3].map(() => deadAddress()));
  await using proxies = new AsyncDisposableStack();
  const faults = { ...noFaults, maxDelayMs: 1 };
  const before: FaultyProxy[] = [];
  for (const [at, address] of own.entries()) {
    before.push(proxies.use(await faultyProxy(address, at, faults)));
  }
  const members = new Map(before.map(({ address }, at) => [at + 1, address]));
  const opened = await Promise.all(
    own.map((listen, at) => openMember(directory.path, at + 1, members, listen)),
  );
  const groups = opened.map(({ host }) => host.group<number>(1));
  await Promise.all(groups.map(leaderKnown));
  const results = await Promise.all(
    Array.from({ length: 60 }, (_, at) => propose(groups[at % 3] as GroupHandle<number>, 1)),
  );
  assert.deepEqual(
    [...results].sort((a, b) => a - b),
    Array.from({ length: 60 }, (_, at) => at + 1),
    'each command was applied once',
  );
  // Requests and answers are lost and doubled: nothing is to be seen of it but time.
  for (const proxy of before) proxy.faults = { ...faults, loseAnswer: 0.02, double: 0.05 };
  for (const group of groups) await leaderKnown(group);
  const last = await propose(groups[0] as GroupHandle<number>, 40);
  assert.equal(last, 100);
  for (const { host, ports, machine } of opened) {
    assert.ok(machine.total <= 100);
    await new Promise<void>((fulfil) => host.close(fulfil));
    await ports.fileSystem.dispose();
  }
});
