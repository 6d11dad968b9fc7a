import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PeerLinks } from '@quorate/raft';
import type { HostOptions } from '../src/index.ts';
import { HostError } from '../src/index.ts';
import {
  codeOf,
  ListMachine,
  type Opening,
  type VirtualMachine,
  VirtualRoom,
} from './support/virtual-machine.ts';

const small = { segmentBytes: 64 * 1024, snapshotLogBytes: 1, snapshotTailEntries: 0 };

function propose(opening: Opening, text: string): { error: Error | null; calls: number } {
  const outcome: { error: Error | null; calls: number } = { error: null, calls: 0 };
  opening.host?.group(1).propose(new TextEncoder().encode(text), (error) => {
    outcome.calls += 1;
    outcome.error = error;
  });
  return outcome;
}

/** Opens a node, has it apply some commands and take snapshots, and closes it. */
function used(room: VirtualRoom, machine: VirtualMachine): void {
  const opening = machine.open({ tuning: small });
  room.run(3000);
  for (const text of ['a', 'b', 'c']) {
    propose(opening, text);
    room.run(100);
  }
  assert.deepEqual(opening.machine.commands, ['a', 'b', 'c']);
  opening.host?.close(() => undefined);
  room.run(3000);
}

/** It failed once, from the event loop, and left nothing that is open or will happen. */
function assertClosed(machine: VirtualMachine, opening: Opening): void {
  assert.equal(opening.calls, 1, 'told once');
  assert.equal(opening.host, null);
  assert.notEqual(opening.error, null);
  assert.deepEqual(opening.halts, []);
  assert.equal(machine.openFiles, 0, 'no file is open');
  assert.equal(machine.timersSet, 0, 'no timer is set');
}

/** The directory is free and whole: a correct attempt succeeds. */
function assertOpens(room: VirtualRoom, machine: VirtualMachine, commands: string[]): void {
  const again = machine.open({ tuning: small });
  room.run(3000);
  assert.equal(again.error, null);
  assert.deepEqual(again.machine.commands, commands);
  const outcome = propose(again, 'works');
  room.run(200);
  assert.deepEqual(outcome, { error: null, calls: 1 });
}

describe('opening a host', () => {
  it('that is new, then again with what it had', () => {
    const room = new VirtualRoom();
    const machine = room.machine(1);
    used(room, machine);
    assertOpens(room, machine, ['a', 'b', 'c']);
  });

  it('tells nothing from inside the call', () => {
    const machine = new VirtualRoom().machine(1);
    assert.equal(machine.open().calls, 0);
    assert.equal(machine.open({ members: new Map() }).calls, 0);
  });
});

describe('opening fails, and leaves nothing open', () => {
  const wrong: readonly [what: string, given: Partial<HostOptions>, code: string | null][] = [
    ['a tuning value out of range', { tuning: { requestTimeoutMs: 0 } }, 'HOST_TUNING_INVALID'],
    [
      'a rate at which a snapshot would never arrive',
      { tuning: { snapshotBytesPerSecond: 65_535 } },
      'HOST_TUNING_INVALID',
    ],
    [
      'an election timeout too close to the heartbeats',
      { tuning: { heartbeatIntervalMs: 100, electionTimeoutMs: 499 } },
      'HOST_TUNING_INVALID',
    ],
    [
      'members without this node',
      { members: new Map([[9, { host: 'node9', port: 1 }]]) },
      'HOST_OPTIONS_INVALID',
    ],
    ['no group', { groups: [] }, 'HOST_OPTIONS_INVALID'],
    [
      'a group given twice',
      { groups: [1, 1].map((id) => ({ id, name: 'g', stateMachine: new ListMachine() })) },
      'HOST_OPTIONS_INVALID',
    ],
    [
      'a directory that holds a group it was not given',
      { groups: [{ id: 2, name: 'other', stateMachine: new ListMachine() }] },
      'HOST_GROUP_UNKNOWN',
    ],
    ['a cluster id that is none', { clusterId: 'mine' }, null],
    ["another cluster's directory", { clusterId: 'ffffffffffffffff' }, 'STORAGE_FOREIGN_DIRECTORY'],
  ];

  for (const [what, given, code] of wrong) {
    it(`given ${what}`, () => {
      const room = new VirtualRoom();
      const machine = room.machine(1);
      used(room, machine);
      const opening = machine.open(given);
      room.run(20_000);
      if (code !== null) assert.equal(codeOf(opening), code);
      assertClosed(machine, opening);
      assertOpens(room, machine, ['a', 'b', 'c']);
    });
  }

  it('given a bad cluster id for a new directory, without making it that cluster', () => {
    const room = new VirtualRoom();
    const machine = room.machine(1);
    const opening = machine.open({ clusterId: 'mine' });
    room.run(1000);
    assertClosed(machine, opening);
    assertOpens(room, machine, []);
  });

  it('while another holds the directory, which goes on undisturbed', () => {
    const room = new VirtualRoom();
    const machine = room.machine(1);
    const first = machine.open({ tuning: small });
    room.run(3000);
    const files = machine.openFiles;
    const second = machine.open({ tuning: small });
    room.run(3000);
    assert.equal(codeOf(second), 'STORAGE_LOCKED');
    assert.equal(second.calls, 1);
    assert.equal(machine.openFiles, files);
    const outcome = propose(first, 'a');
    room.run(200);
    assert.deepEqual(outcome, { error: null, calls: 1 });
  });

  it('while its port is in use, also with a snapshot to restore', () => {
    const room = new VirtualRoom();
    const machine = room.machine(1);
    used(room, machine);
    let release = (): void => undefined;
    const accept = () => ({
      data: () => undefined,
      drained: () => undefined,
      closed: () => undefined,
    });
    room.network.port(5).listen({ host: 'node1', port: 7000 }, accept, (_error, listener) => {
      release = () => listener?.close();
    });
    room.run(10);
    const opening = machine.open({ tuning: small });
    room.run(20_000);
    assert.equal(codeOf(opening), 'TRANSPORT_ADDRESS_IN_USE');
    assertClosed(machine, opening);
    release();
    assertOpens(room, machine, ['a', 'b', 'c']);
  });

  it('when its snapshot is missing, telling so once, however early that shows', () => {
    for (const listenAfterMs of [0, 50]) {
      const room = new VirtualRoom();
      const machine = room.machine(1);
      used(room, machine);
      for (const name of machine.disk.blocking.list('data/snapshots')) {
        machine.disk.blocking.remove(`data/snapshots/${name}`);
      }
      let isClosed = false;
      const linksThrough = (links: PeerLinks): PeerLinks => ({
        start: (handlers, done) => {
          // Who is closed before it listens tells nobody.
          room.scheduler.schedule(listenAfterMs, () => isClosed || links.start(handlers, done));
        },
        send: (to, group, message) => links.send(to, group, message),
        flush: () => links.flush(),
        isConnected: (peer) => links.isConnected(peer),
        setPeer: (peer, address) => links.setPeer(peer, address),
        close: () => {
          isClosed = true;
          links.close();
        },
      });
      const opening = machine.open({ tuning: small, linksThrough });
      room.run(5000);
      assert.equal(opening.calls, 1, `listening after ${listenAfterMs} ms`);
      assert.ok(opening.error !== null || opening.halts.length === 1);
      opening.host?.close(() => undefined);
      room.run(1000);
      assert.equal(machine.openFiles, 0);
      assert.equal(machine.timersSet, 0);
    }
  });

  it('names the field that is wrong', () => {
    const room = new VirtualRoom();
    const machine = room.machine(1);
    const { error } = ((): Opening => {
      const opening = machine.open({ tuning: { segmentBytes: 1.5 } });
      room.run(10);
      return opening;
    })();
    assert.ok(error instanceof HostError);
    assert.deepEqual(error.metadata, { field: 'segmentBytes' });
    assert.match(error.message, /tuning\.segmentBytes .* 1\.5/);
  });
});

describe('closing a host', () => {
  it('tells everyone who asked, leaves nothing open, and frees directory and port', () => {
    const room = new VirtualRoom();
    const machine = room.machine(1);
    const opening = machine.open({ tuning: small });
    room.run(3000);
    let told = 0;
    opening.host?.close(() => told++);
    opening.host?.close(() => told++);
    room.run(3000);
    assert.equal(told, 2);
    opening.host?.close(() => told++);
    assert.equal(told, 3);
    assert.equal(machine.openFiles, 0);
    assert.equal(machine.timersSet, 0);
    assertOpens(room, machine, []);
  });

  it('right after it was opened, before it leads', () => {
    const room = new VirtualRoom();
    const machine = room.machine(1);
    const opening = machine.open({ tuning: small });
    room.run(5);
    let told = 0;
    opening.host?.close(() => told++);
    room.run(3000);
    assert.equal(told, 1);
    assert.equal(machine.openFiles, 0);
    assert.equal(machine.timersSet, 0);
  });

  it('after it halted closes what is left, and only then is the directory free', () => {
    const room = new VirtualRoom();
    const machine = room.machine(1);
    const opening = machine.open({ tuning: small });
    room.run(3000);
    machine.disk.injectSyncFault('fail', (path) => path.includes('/wal/'), 1);
    const outcome = propose(opening, 'a');
    room.run(1000);
    assert.equal(opening.halts.length, 1);
    assert.equal(outcome.calls, 1);
    assert.notEqual(outcome.error, null);
    let told = 0;
    opening.host?.close(() => told++);
    room.run(1000);
    assert.equal(told, 1);
    assert.equal(machine.openFiles, 0);
    assert.equal(machine.timersSet, 0);
  });
});

describe('hosts with small messages', () => {
  it('still bring a late one up by a snapshot whose chunks are larger', () => {
    const room = new VirtualRoom();
    const machines = [1, 2, 3].map((id) => room.machine(id));
    const members = new Map([1, 2, 3].map((id) => [id, { host: `node${id}`, port: 7000 }]));
    const tuning = { ...small, maxMessageBytes: 2048, maxCommandBytes: 2048 };
    const given = { members, tuning };
    const openings = machines.slice(0, 2).map((machine) => machine.open(given));
    room.run(5000);
    for (let i = 0; i < 40; i++) {
      propose(openings[i % 2] as Opening, `${i}`.padEnd(500, 'x'));
      room.run(50);
    }
    const late = machines[2]?.open(given);
    room.run(20_000);
    assert.equal(late?.machine.commands.length, 40);
  });
});
