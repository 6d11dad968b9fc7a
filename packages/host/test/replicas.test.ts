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

  constructor() {
    const members = new Map([1, 2, 3].map((id) => [id, addressOf(id)]));
    this.members = [1, 2, 3].map((id) => this.room.machine(id).open({ members }));
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
