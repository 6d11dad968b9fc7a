import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeId } from '@quorate/schema';
import { PartsMachine, PartsOnDisk } from './support/parts-machine.ts';
import { group, ProcessGroup, type VirtualProcess } from './support/process-group.ts';

/** Nodes whose state machines keep parts beside their snapshots. */
class PartsGroup extends ProcessGroup {
  readonly disks: Map<NodeId, PartsOnDisk>;
  readonly machines: Map<NodeId, PartsMachine>;

  static of(size: number, given: ConstructorParameters<typeof ProcessGroup>[1] = {}): PartsGroup {
    const disks = new Map<NodeId, PartsOnDisk>();
    const machines = new Map<NodeId, PartsMachine>();
    const next: NodeId[] = Array.from({ length: size }, (_, at) => at + 1);
    const make = (): PartsMachine => {
      const id = next.shift() ?? 0;
      const disk = disks.get(id) ?? new PartsOnDisk();
      disks.set(id, disk);
      const machine = new PartsMachine(disk);
      machines.set(id, machine);
      return machine;
    };
    return new PartsGroup(size, given, make, { disks, machines, next });
  }

  readonly #next: NodeId[];

  private constructor(
    size: number,
    given: ConstructorParameters<typeof ProcessGroup>[1],
    make: () => PartsMachine,
    rest: {
      readonly disks: Map<NodeId, PartsOnDisk>;
      readonly machines: Map<NodeId, PartsMachine>;
      readonly next: NodeId[];
    },
  ) {
    super(size, given, make);
    this.disks = rest.disks;
    this.machines = rest.machines;
    this.#next = rest.next;
  }

  machine(id: NodeId): PartsMachine {
    const machine = this.machines.get(id);
    assert.ok(machine !== undefined);
    return machine;
  }

  /** Power is lost at a node, and it starts again. */
  restart(id: NodeId): VirtualProcess {
    this.kill(id);
    this.disks.get(id)?.losePower();
    this.#next.push(id);
    return this.start(id);
  }

  propose(leader: VirtualProcess, texts: readonly string[]): void {
    for (const text of texts) {
      leader.propose(text);
      this.run(20);
    }
  }

  /** Lets a node take a snapshot of all that it has, and cut its log behind it. */
  condense(process: VirtualProcess): void {
    process.log.pinnedBy = group;
    process.log.diskBytes = 1e9;
    this.run(300);
    process.log.pinnedBy = null;
  }
}

const texts = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, at) => `t${from + at}`);

describe('a checkpoint', () => {
  it('is committed when what it refers to is durable; named, it lets the others go', () => {
    const processes = PartsGroup.of(1, { snapshotLogBytes: 40 });
    const node = processes.elect();
    const machine = processes.machine(node.id);
    const waiting: (() => void)[] = [];
    machine.persistWaits = waiting;
    let named = 0;
    machine.collected = (index) => {
      named++;
      assert.equal(node.log.durable.get(group)?.snapshot?.index, index);
    };
    processes.propose(node, texts(30));
    processes.run(500);
    assert.deepEqual(
      machine.events.map((event) => event.split(' ')[0]),
      ['take', 'persist'],
    );
    assert.equal(node.snapshots.files.size, 0);
    waiting.shift()?.();
    machine.persistWaits = null;
    assert.equal(node.snapshots.files.size, 0);
    processes.run(100);
    assert.equal(node.snapshots.files.size, 1);
    const [take, , persisted, collect] = machine.events;
    const index = Number(take?.split(' ')[1]);
    assert.deepEqual([persisted, collect], [`persisted ${index}`, `collect ${index}`]);
    assert.ok(named > 0);
  });

  it('that cannot be made durable fails, leaves nothing behind, and the next one comes', () => {
    const processes = PartsGroup.of(1, { snapshotLogBytes: 40 });
    const node = processes.elect();
    const machine = processes.machine(node.id);
    machine.persistFails = 'by an error';
    processes.propose(node, texts(30));
    processes.run(100);
    assert.ok(machine.events.includes('persist failed'));
    assert.deepEqual([node.snapshots.files.size, node.snapshots.openWriters], [0, 0]);
    assert.equal(node.log.durable.get(group)?.snapshot?.index, 0);
    assert.deepEqual(node.halts, []);
    machine.persistFails = null;
    processes.propose(node, texts(30, 30));
    processes.run(100);
    assert.equal(node.snapshots.files.size, 1);
    assert.equal(node.snapshots.openWriters, 0);
    const { commands } = machine;
    processes.restart(node.id);
    processes.elect();
    assert.deepEqual(processes.machine(node.id).commands, commands);
    assert.deepEqual(commands, texts(60));
  });

  it('whose state machine throws as it should make it durable fails alone', () => {
    const processes = PartsGroup.of(1, { snapshotLogBytes: 40 });
    const node = processes.elect();
    const machine = processes.machine(node.id);
    machine.persistFails = 'by throwing';
    processes.propose(node, texts(30));
    processes.run(100);
    assert.deepEqual([node.snapshots.files.size, node.snapshots.openWriters], [0, 0]);
    machine.persistFails = null;
    processes.propose(node, texts(30, 30));
    processes.run(100);
    assert.equal(node.snapshots.files.size, 1);
    assert.deepEqual(node.halts, []);
  });

  it('that is being made durable when the node stops is not committed', () => {
    const processes = PartsGroup.of(1, { snapshotLogBytes: 40 });
    const node = processes.elect();
    const waiting: (() => void)[] = [];
    processes.machine(node.id).persistWaits = waiting;
    processes.propose(node, texts(30));
    node.runtime.stop(() => undefined);
    processes.run(100);
    for (const answer of waiting) answer();
    processes.run(100);
    assert.deepEqual([node.snapshots.files.size, node.snapshots.openWriters], [0, 0]);
  });

  it('lets others work at each empty chunk, and stores none', () => {
    const processes = PartsGroup.of(1, { snapshotLogBytes: 40 });
    const node = processes.elect();
    const machine = processes.machine(node.id);
    // One after the other without a pause they would be too deep a call.
    machine.emptyChunks = 20_000;
    machine.chunkBytes = 1000;
    processes.propose(node, texts(20));
    processes.run(300);
    const files = [...node.snapshots.files.values()];
    assert.deepEqual([files.length, files.flat().some(({ length }) => length === 0)], [1, false]);
    processes.restart(node.id);
    processes.elect();
    assert.deepEqual(processes.machine(node.id).commands, texts(20));
  });

  it('is taken at the next entry where what was restored was whole', () => {
    const processes = PartsGroup.of(1);
    const leader = processes.elect();
    const machine = processes.machine(leader.id);
    const named: number[] = [];
    machine.collected = (index) => named.push(index);
    processes.propose(leader, texts(3));
    assert.deepEqual(named, []);
    machine.isDue = true;
    processes.propose(leader, texts(3, 3));
    processes.run(300);
    assert.equal(named.length, 1, 'once');
  });

  it('is taken when it would take seconds to apply again what came since, small as it is', () => {
    const processes = PartsGroup.of(1);
    const leader = processes.elect();
    const machine = processes.machine(leader.id);
    const taken = (): number => machine.events.filter((event) => event.startsWith('take')).length;
    processes.propose(leader, texts(60));
    assert.equal(taken(), 0);
    machine.applying = () => {
      leader.workedMs += 125;
    };
    processes.propose(leader, texts(39, 60));
    assert.equal(taken(), 0);
    processes.propose(leader, texts(1, 99));
    assert.equal(taken(), 1);
    processes.propose(leader, texts(39, 100));
    assert.equal(taken(), 1);
    processes.propose(leader, texts(1, 139));
    assert.equal(taken(), 2);
  });

  it('is restored with its parts, again and again, whenever the power goes', () => {
    for (let moment = 1; moment < 60; moment += 2) {
      const processes = PartsGroup.of(1, { snapshotLogBytes: 40 });
      const node = processes.elect();
      processes.propose(node, texts(20));
      for (const text of texts(10, 20)) node.propose(text);
      processes.run(moment);
      processes.restart(node.id);
      const again = processes.elect();
      const { commands } = processes.machine(node.id);
      assert.deepEqual(commands, texts(commands.length), `after ${moment} ms`);
      assert.ok(commands.length >= 20);
      processes.propose(again, texts(20, 50));
      processes.restart(node.id);
      processes.elect();
      assert.deepEqual(processes.machine(node.id).commands, [...commands, ...texts(20, 50)]);
    }
  });
});

/** A follower that was cut off while the others cut their logs behind a checkpoint. */
function lateFollower(count: number) {
  const processes = PartsGroup.of(3, { requestTimeoutMs: 1000 });
  const leader = processes.elect();
  const [late, other] = processes.followers(leader);
  const cut = (): void => {
    processes.board.cut(late.id, leader.id);
    processes.board.cut(late.id, other.id);
  };
  cut();
  processes.propose(leader, texts(count));
  for (const process of [leader, other]) process.log.diskBytes = 1e9;
  for (const process of [leader, other]) process.log.pinnedBy = group;
  processes.propose(leader, ['last']);
  processes.run(300);
  for (const process of [leader, other]) process.log.pinnedBy = null;
  return { processes, leader, late, other, commands: [...texts(count), 'last'], cut };
}

describe('a follower far behind', () => {
  it('gets what the checkpoint refers to with it', () => {
    const { processes, leader, late, commands } = lateFollower(40);
    const stored = [...leader.snapshots.files.values()].flat();
    assert.ok(new TextDecoder().decode(Buffer.concat(stored)).includes('p1\n'));
    processes.board.heal();
    processes.run(2000);
    assert.deepEqual(processes.machine(late.id).commands, commands);
    assert.equal(processes.disks.get(late.id)?.parts.size, 10);
    assert.equal(processes.machine(leader.id).heldExpansions, 0);
    processes.restart(late.id);
    processes.run(2000);
    assert.deepEqual(processes.machine(late.id).commands, commands);
  });

  it('gets the rest of it after the link broke, counted as it was', () => {
    for (const broken of [1, 7, 8, 20, 39]) {
      const { processes, leader, late, commands, cut } = lateFollower(40);
      let isBroken = false;
      processes.board.arrives = ({ message }) => {
        if (isBroken || message.type !== 'SnapshotChunk' || message.chunk !== broken) return true;
        isBroken = true;
        cut();
        return false;
      };
      processes.board.heal();
      processes.run(700);
      assert.ok(isBroken);
      processes.board.heal();
      processes.run(1500);
      assert.deepEqual(processes.machine(late.id).commands, commands, `chunk ${broken}`);
      assert.equal(processes.machine(leader.id).heldExpansions, 0);
      assert.equal(leader.snapshots.openReaders, 0);
    }
  });

  it('gets it although the log names another checkpoint meanwhile', () => {
    const { processes, leader, late, commands } = lateFollower(40);
    const machine = processes.machine(leader.id);
    const more = texts(9, 100);
    const heldAtCollect: number[] = [];
    machine.collected = () => heldAtCollect.push(machine.heldExpansions);
    let hasBegun = false;
    processes.board.arrives = ({ message }) => {
      if (message.type !== 'SnapshotChunkResponse' || message.nextChunk < 10) return true;
      if (!hasBegun) {
        hasBegun = true;
        for (const [at, text] of more.entries())
          processes.scheduler.schedule(10 * at, () => void leader.propose(text));
      }
      leader.log.pinnedBy = heldAtCollect.length > 0 ? null : group;
      return heldAtCollect.length > 0;
    };
    processes.board.heal();
    processes.run(3000);
    assert.ok(hasBegun);
    assert.deepEqual(heldAtCollect.slice(0, 1), [1]);
    assert.deepEqual(processes.machine(late.id).commands, [...commands, ...more]);
    assert.equal(machine.heldExpansions, 0);
  });

  it('takes a checkpoint of its own soon, however large what it was given is', () => {
    const processes = PartsGroup.of(3, { requestTimeoutMs: 1000, snapshotLogBytes: 100 });
    const leader = processes.elect();
    const [late, other] = processes.followers(leader);
    processes.board.cut(late.id, leader.id);
    processes.board.cut(late.id, other.id);
    processes.propose(leader, texts(600));
    processes.condense(leader);
    processes.board.heal();
    processes.run(5000);
    const { events } = processes.machine(late.id);
    processes.propose(leader, texts(20, 600));
    assert.ok(events.indexOf('persist') > events.indexOf('restored'), events.join());
    assert.ok(events.includes('restored'));
    assert.deepEqual(processes.machine(late.id).commands, texts(620));
  });

  it('is given no chunk before the one before has drained', () => {
    const { processes, late, commands } = lateFollower(40);
    let drains = 0;
    processes.machine(late.id).drain = (done) => {
      drains++;
      processes.scheduler.schedule(5, done);
    };
    processes.board.heal();
    processes.run(3000);
    assert.deepEqual(processes.machine(late.id).commands, commands);
    assert.ok(drains > 10, `${drains} chunks`);
    assert.deepEqual(late.halts, []);
  });
});
