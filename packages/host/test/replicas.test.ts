import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Address } from '@quorate/base';
import { openReplica, type Replica } from '../src/index.ts';
import { ListMachine, type Opening, VirtualRoom } from './support/virtual-machine.ts';

const addressOf = (id: number): Address => ({ host: `node${id}`, port: 7000 });
const clusterId = '00c0ffee00c0ffee';

interface Fed {
  readonly replica: Replica;
  readonly machine: ListMachine;
  readonly halts: Error[];
}

/** Three members, and replicas on machines of their own. */
class Setting {
  readonly room = new VirtualRoom();
  readonly members: Opening[];
  #proposed = 0;

  /** @param groups with ids from 1 */
  constructor(groups = 1) {
    const members = new Map([1, 2, 3].map((id) => [id, addressOf(id)]));
    this.members = [1, 2, 3].map((id) => {
      const more = Array.from({ length: groups }, (_, at) => {
        return { id: at + 1, name: `list${at + 1}`, stateMachine: new ListMachine() };
      });
      return this.room.machine(id).open(groups === 1 ? { members } : { members, groups: more });
    });
    this.room.run(5000);
  }

  propose(count: number, through = 0): void {
    for (let left = count; left > 0; left--) {
      const command = new TextEncoder().encode(`${++this.#proposed}`);
      this.members[through]?.host?.group(1).propose(command, (error) => {
        assert.equal(error, null);
      });
    }
    this.room.run(500);
  }

  get proposed(): number {
    return this.#proposed;
  }

  replica(id: number, upstream: readonly number[]): Fed {
    const machine = new ListMachine();
    const halts: Error[] = [];
    let opened: Replica | null = null;
    openReplica(
      {
        ports: this.room.machine(id).ports(),
        clusterId,
        upstream: upstream.map(addressOf),
        groups: [{ id: 1, name: 'list', stateMachine: machine }],
        listen: addressOf(id),
        onHalt: (error) => halts.push(error),
      },
      (error, replica) => {
        assert.equal(error, null);
        opened = replica;
      },
    );
    this.room.run(10);
    assert.ok(opened !== null);
    return { replica: opened, machine, halts };
  }

  /** @returns how many commands the replica had when the read was let through, or the error */
  read({ replica, machine }: Fed, maxStalenessMs = 0, minIndex = 0): number | string {
    let outcome: number | string | null = null;
    replica.group(1).readBarrier(maxStalenessMs, minIndex, 3000, (error) => {
      outcome =
        error === null ? machine.commands.length : String((error as { code?: string }).code);
    });
    for (let left = 200; left > 0 && outcome === null; left--) this.room.run(50);
    return outcome ?? 'no outcome';
  }
}

describe('a read replica', () => {
  it('has what was there before, and what comes later', () => {
    const setting = new Setting();
    setting.propose(10);
    const fed = setting.replica(10, [1]);
    assert.equal(setting.read(fed), 10);
    setting.propose(25, 1);
    assert.equal(setting.read(fed), 35);
    const expected = Array.from({ length: 35 }, (_, at) => `${at + 1}`);
    assert.deepEqual(fed.machine.commands, expected);
  });

  it('reads what was acknowledged before the read, whoever it was told to', () => {
    const setting = new Setting();
    const fed = setting.replica(10, [2]);
    for (let round = 1; round <= 20; round++) {
      setting.propose(1, round % 3);
      assert.equal(setting.read(fed), round);
    }
  });

  it('waits for an index, bears staleness when it may, and asks nobody then', () => {
    const setting = new Setting();
    const fed = setting.replica(10, [1]);
    setting.propose(5);
    assert.equal(setting.read(fed), 5);
    for (const { host } of setting.members) host?.close(() => undefined);
    setting.room.run(3000);
    assert.equal(setting.read(fed, Number.POSITIVE_INFINITY), 5);
    assert.equal(setting.read(fed, 60_000), 5);
    assert.equal(setting.read(fed, 0), 'HOST_READ_UNCONFIRMED');
    assert.equal(setting.read(fed, Number.POSITIVE_INFINITY, 999), 'HOST_REPLICA_BEHIND');
  });

  it('goes to the next upstream when one is gone, and is right all the while', () => {
    const setting = new Setting();
    const fed = setting.replica(10, [1, 2, 3]);
    setting.propose(5);
    assert.equal(setting.read(fed), 5);
    setting.members[0]?.host?.close(() => undefined);
    setting.room.run(3000);
    setting.propose(7, 1);
    setting.room.run(10_000);
    assert.equal(setting.read(fed), 12);
  });

  it('answers a read that is asked while its upstream goes away', () => {
    const setting = new Setting();
    const near = setting.replica(10, [1]);
    const far = setting.replica(11, [10, 3]);
    setting.propose(5);
    assert.equal(setting.read(far), 5);
    near.replica.close();
    assert.equal(setting.read(far), 5);
    setting.propose(2, 1);
    for (const maxStalenessMs of [0, 1]) assert.equal(setting.read(far, maxStalenessMs), 7);
    assert.deepEqual(far.replica.group(1).upstream, addressOf(3));
  });

  it('leaves an upstream that is itself cut off', () => {
    const setting = new Setting();
    const near = setting.replica(10, [1]);
    const far = setting.replica(11, [10, 3]);
    assert.equal(setting.read(far), 0);
    // It listens still, and nobody feeds it.
    setting.members[0]?.host?.close(() => undefined);
    setting.room.run(3000);
    setting.propose(4, 1);
    assert.equal(setting.read(far), 'HOST_READ_UNCONFIRMED');
    for (let tries = 0; tries < 3 && setting.read(far) !== 4; tries++);
    assert.equal(setting.read(far), 4);
    assert.equal(setting.read(near), 'HOST_READ_UNCONFIRMED');
  });

  it('is kept up to date in many groups at a time', () => {
    const setting = new Setting(100);
    const ids = Array.from({ length: 100 }, (_, at) => at + 1);
    const groups = ids.map((id) => ({ id, name: `list${id}`, stateMachine: new ListMachine() }));
    const done: (Error | null)[] = [];
    const listen = null;
    const parts = { ports: setting.room.machine(10).ports(), clusterId, groups, listen };
    const onHalt = (error: Error): void => void done.push(error);
    openReplica({ ...parts, upstream: [addressOf(1)], onHalt }, (_, replica) => {
      for (const id of ids) {
        replica?.group(id).readBarrier(0, 0, 3000, (error) => done.push(error));
      }
    });
    setting.room.run(4000);
    assert.equal(done.length, 100);
    assert.deepEqual(new Set(done), new Set([null]));
  });

  it('feeds others, which feed others', () => {
    const setting = new Setting();
    setting.propose(3);
    const first = setting.replica(10, [3]);
    const second = setting.replica(11, [10]);
    const third = setting.replica(12, [11, 10]);
    setting.room.run(3000);
    setting.propose(20);
    for (const fed of [third, second, first]) {
      assert.equal(setting.read(fed), 23);
      assert.deepEqual(fed.machine.commands, setting.members[0]?.machine.commands);
    }
    second.replica.close();
    setting.propose(4);
    setting.room.run(10_000);
    assert.equal(setting.read(third), 27);
  });

  it('is no part of the group: a hundred of them change nothing for it', () => {
    const setting = new Setting();
    const many = Array.from({ length: 100 }, (_, at) => setting.replica(100 + at, [1 + (at % 3)]));
    setting.propose(10);
    setting.room.run(3000);
    for (const fed of many) assert.equal(fed.machine.commands.length, 10);
    const voters = setting.members[0]?.host?.group(1).status().configuration.voters;
    assert.deepEqual(voters, [1, 2, 3]);
  });

  it('that is closed says so, and one whose state machine throws halts', () => {
    const setting = new Setting();
    const closed = setting.replica(10, [1]);
    closed.replica.close();
    assert.equal(setting.read(closed, Number.POSITIVE_INFINITY), 'HOST_CLOSING');
    const broken = setting.replica(11, [1]);
    setting.room.run(1000);
    broken.machine.apply = () => {
      throw new Error('no');
    };
    setting.propose(1);
    setting.room.run(1000);
    assert.deepEqual(
      broken.halts.map(({ message }) => message),
      ['no'],
    );
  });
});
