import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Address } from '@quorate/base';
import {
  type Host,
  type HostTuning,
  type RepairReport,
  repairDataDirectory,
} from '../src/index.ts';
import {
  codeOf,
  type Opening,
  type VirtualMachine,
  VirtualRoom,
} from './support/virtual-machine.ts';

const ids = [1, 2, 3];
const group = 1;

/** Three hosts of one cluster; any of them can be stopped and opened again. */
class Trio {
  readonly room = new VirtualRoom();
  readonly machines = new Map<number, VirtualMachine>();
  readonly open = new Map<number, Opening>();

  readonly #tuning: Partial<HostTuning>;

  constructor(given: Partial<HostTuning> = {}) {
    this.#tuning = { quiesceAfterMs: null, segmentBytes: 64 * 1024, ...given };
    for (const id of ids) this.machines.set(id, this.room.machine(id));
    for (const id of ids) this.start(id);
  }

  start(id: number): Opening {
    const members = new Map(ids.map((one): [number, Address] => [one, addressOf(one)]));
    const opening = this.machine(id).open({ members, tuning: this.#tuning });
    this.open.set(id, opening);
    this.room.run(5);
    return opening;
  }

  stop(id: number): void {
    let isClosed = false;
    this.host(id).close(() => {
      isClosed = true;
    });
    this.room.run(3000);
    assert.ok(isClosed);
    this.open.delete(id);
  }

  machine(id: number): VirtualMachine {
    return this.machines.get(id) ?? assert.fail('no such machine');
  }

  host(id: number): Host {
    return this.open.get(id)?.host ?? assert.fail(`host ${id} is not open`);
  }

  commands(id: number): readonly string[] {
    return this.open.get(id)?.machine.commands ?? [];
  }

  /** @returns who leads, as the leader itself has it; null: nobody for that long */
  leader(withinMs: number): number | null {
    for (let waitedMs = 0; waitedMs < withinMs; waitedMs += 50) {
      this.room.run(50);
      for (const id of this.open.keys()) {
        if (this.host(id).group(group).status().role === 'leader') return id;
      }
    }
    return null;
  }

  /** @returns how many were acknowledged */
  propose(id: number, commands: readonly string[]): number {
    let acknowledged = 0;
    for (const command of commands) {
      this.host(id)
        .group(group)
        .propose(new TextEncoder().encode(command), (error) => {
          if (error === null) acknowledged += 1;
        });
      this.room.run(100);
    }
    return acknowledged;
  }

  repair(id: number): RepairReport {
    let found: RepairReport | null = null;
    const ports = this.machine(id).ports();
    const options = { ports, directory: 'data', dryRun: false, groups: [group] };
    repairDataDirectory(options, (error, report) => {
      assert.equal(error, null);
      found = report;
    });
    this.room.run(1000);
    return found ?? assert.fail('the repair was not answered');
  }

  /** @returns where the next batch of the log will be */
  endOfLog(id: number): { file: string; offset: number } {
    const { blocking } = this.machine(id).disk;
    const names = blocking.list('data/wal').map((name) => `data/wal/${name}`);
    for (const file of names.reverse()) {
      const last = blocking.readFile(file).findLastIndex((byte) => byte !== 0);
      if (last >= 0) return { file, offset: Math.ceil((last + 1) / 8) * 8 };
    }
    return assert.fail('there is a log');
  }
}

function addressOf(id: number): Address {
  return { host: `node${id}`, port: 7000 };
}

/**
 * `damaged` has acknowledged `late` writes together with the leader alone, and then its disk has
 * lost the first of them.
 */
function damagedTrio() {
  const trio = new Trio();
  const leader = trio.leader(10_000) ?? assert.fail('no leader');
  const [damaged = 0, behind = 0] = ids.filter((id) => id !== leader);
  assert.equal(trio.propose(leader, ['a', 'b', 'c']), 3);
  trio.room.run(500);
  trio.stop(behind);
  const { file, offset } = trio.endOfLog(damaged);
  const late = ['d', 'e', 'f', 'g'];
  assert.equal(trio.propose(leader, late), 4);
  trio.stop(damaged);
  trio.machine(damaged).disk.flipBit(file, offset + 40, 3);
  const refused = trio.start(damaged);
  assert.equal(codeOf(refused), 'STORAGE_CORRUPT');
  trio.open.delete(damaged);
  const report = trio.repair(damaged);
  assert.equal(report.outcome, 'repaired');
  return { trio, leader, damaged, behind, all: ['a', 'b', 'c', ...late], report };
}

describe('a follower whose log was damaged and repaired', () => {
  it('does not help a node into the lead that lacks what it acknowledged (rule 14)', () => {
    const { trio, leader, damaged, behind, all } = damagedTrio();
    trio.stop(leader);
    trio.start(damaged);
    trio.start(behind);
    // Both have the same log now, and it lacks what a client was told is safe.
    assert.deepEqual(trio.leader(20_000), null);
    const { repairing, role } = trio.host(damaged).group(group).status();
    assert.deepEqual([repairing, role], [true, 'follower']);
    // Not after another restart either.
    trio.stop(damaged);
    trio.start(damaged);
    assert.deepEqual(trio.leader(10_000), null);

    trio.start(leader);
    assert.equal(trio.leader(10_000), leader);
    trio.room.run(2000);
    for (const id of ids) assert.deepEqual(trio.commands(id), all, `node ${id}`);
    assert.equal(trio.host(damaged).group(group).status().repairing, false);
  });

  it('votes again once it has caught up', () => {
    const { trio, leader, damaged, behind, all, report } = damagedTrio();
    const [{ repairUntil, lastIndex } = assert.fail('there is a group')] = report.groups;
    assert.ok(repairUntil > lastIndex);
    trio.start(damaged);
    trio.start(behind);
    assert.equal(trio.leader(10_000), leader, 'by the vote of the one that is whole');
    trio.room.run(2000);
    const { repairing, lastIndex: last } = trio.host(damaged).group(group).status();
    assert.equal(repairing, false);
    assert.ok(last >= repairUntil);
    trio.stop(leader);
    const next = trio.leader(10_000);
    assert.ok(next !== null && next !== leader);
    assert.equal(trio.propose(next, ['h']), 1);
    for (const id of [damaged, behind]) assert.deepEqual(trio.commands(id), [...all, 'h']);
  });

  it('gets a snapshot when its own was damaged and nothing else was left', () => {
    const trio = new Trio({ snapshotLogBytes: 1, snapshotTailEntries: 0 });
    const leader = trio.leader(10_000) ?? assert.fail('no leader');
    const [damaged = 0] = ids.filter((id) => id !== leader);
    assert.equal(trio.propose(leader, ['a', 'b', 'c']), 3);
    trio.stop(damaged);
    const { blocking } = trio.machine(damaged).disk;
    const [name = ''] = blocking.list('data/snapshots');
    trio.machine(damaged).disk.flipBit(`data/snapshots/${name}`, 30, 3);
    assert.equal(codeOf(trio.start(damaged)), 'STORAGE_SNAPSHOT_CORRUPT');
    trio.open.delete(damaged);
    const { outcome, groups } = trio.repair(damaged);
    assert.deepEqual([outcome, groups[0]?.outcome], ['repaired', 'emptied']);
    trio.start(damaged);
    trio.room.run(5000);
    assert.deepEqual(trio.commands(damaged), ['a', 'b', 'c']);
    assert.equal(trio.host(damaged).group(group).status().repairing, false);
    assert.equal(trio.propose(leader, ['d']), 1);
    trio.room.run(500);
    assert.deepEqual(trio.commands(damaged), ['a', 'b', 'c', 'd']);
  });
});
