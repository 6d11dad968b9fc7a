import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Address } from '@quorate/base';
import type { Host, HostOptions } from '../src/index.ts';
import { type Opening, type VirtualMachine, VirtualRoom } from './support/virtual-machine.ts';

const addresses = (ids: readonly number[]): Map<number, Address> =>
  new Map(ids.map((id) => [id, { host: `node${id}`, port: 7000 }]));

interface Outcome {
  error?: Error | null;
  index?: number | null;
}

function codeOf({ error }: Outcome): string {
  if (error === null) return 'done';
  return error !== undefined && 'code' in error ? String(error.code) : 'no outcome';
}

/** Three founders, and whoever comes later. */
class Cluster {
  readonly room = new VirtualRoom();
  readonly #machines = new Map<number, VirtualMachine>();
  readonly #openings = new Map<number, Opening>();

  constructor(given: Partial<HostOptions> = { admitsNodes: true }) {
    for (const id of [1, 2, 3]) this.open(id, { members: addresses([1, 2, 3]), ...given });
    this.room.run(5000);
  }

  open(id: number, given: Partial<HostOptions>, voters?: readonly number[]): Host {
    const machine = this.#machines.get(id) ?? this.room.machine(id);
    this.#machines.set(id, machine);
    const opening = machine.open(given, voters);
    this.#openings.set(id, opening);
    this.room.run(500);
    assert.equal(opening.error, null);
    return this.host(id);
  }

  /** One that knows `contact` and nobody else. */
  newcomer(id: number, contact: number): Host {
    return this.open(id, { members: addresses([id, contact]) }, []);
  }

  host(id: number): Host {
    const { host } = this.#openings.get(id) as Opening;
    assert.ok(host);
    return host;
  }

  get leader(): number {
    for (const id of this.#openings.keys()) {
      if (this.#openings.get(id)?.host?.group(1).status().role === 'leader') return id;
    }
    return 0;
  }

  outcomeOf(begin: (done: (error: Error | null, index?: number | null) => void) => void): Outcome {
    const outcome: Outcome = {};
    begin((error, index = null) => {
      assert.equal(outcome.error, undefined, 'one outcome');
      outcome.error = error;
      outcome.index = index;
    });
    for (let left = 600; left > 0 && outcome.error === undefined; left--) this.room.run(100);
    return outcome;
  }

  join(id: number, promote = true): Outcome {
    return this.outcomeOf((done) => this.host(id).join(1, { promote }, 20_000, done));
  }

  remove(id: number, asked: number): Outcome {
    const steps = [{ kind: 'remove', id }] as const;
    return this.outcomeOf((done) => this.host(asked).changeMembers(1, steps, 20_000, done));
  }

  transfer(to: number, asked: number): Outcome {
    return this.outcomeOf((done) => this.host(asked).transferLeadership(1, to, 20_000, done));
  }

  propose(id: number, text: string): Outcome {
    const command = new TextEncoder().encode(text);
    return this.outcomeOf((done) =>
      this.host(id)
        .group(1)
        .propose(command, (error) => done(error)),
    );
  }

  votersAsSeenBy(id: number): readonly number[] {
    return this.host(id).group(1).status().configuration.voters;
  }

  commandsOf(id: number): readonly string[] {
    return this.#openings.get(id)?.machine.commands ?? [];
  }

  close(id: number): void {
    this.host(id).close(() => undefined);
    this.room.run(3000);
  }
}

describe('a node that joins a running cluster', () => {
  it('by asking any member becomes a voter with all that was there, and reaches everyone', () => {
    for (const contact of [1, 2, 3]) {
      const cluster = new Cluster();
      assert.equal(codeOf(cluster.propose(1, 'before')), 'done');
      cluster.newcomer(4, contact);
      assert.equal(codeOf(cluster.join(4)), 'done');
      cluster.room.run(5000);
      for (const id of [1, 4]) assert.deepEqual(cluster.votersAsSeenBy(id), [1, 2, 3, 4]);
      assert.deepEqual(cluster.commandsOf(4), ['before']);
      assert.equal(codeOf(cluster.transfer(4, contact)), 'done');
      assert.equal(cluster.leader, 4);
      assert.equal(codeOf(cluster.propose(4, 'led by the new one')), 'done');
      cluster.room.run(1000);
      for (const id of [1, 2, 3]) {
        assert.deepEqual(cluster.commandsOf(id), ['before', 'led by the new one']);
      }
    }
  });

  it('stays a learner when it wants to', () => {
    const cluster = new Cluster();
    cluster.newcomer(4, 1);
    assert.equal(codeOf(cluster.join(4, false)), 'done');
    cluster.room.run(5000);
    const { voters, learners } = cluster.host(4).group(1).status().configuration;
    assert.deepEqual([voters, learners], [[1, 2, 3], [4]]);
  });

  it('may ask again, and again, and change nothing by it', () => {
    const cluster = new Cluster();
    cluster.newcomer(4, 1);
    const first = cluster.join(4, false);
    const second = cluster.join(4, false);
    assert.deepEqual([codeOf(first), codeOf(second)], ['done', 'done']);
    assert.equal(second.index, first.index);
  });

  it('needs nobody to tell it of the others when it starts anew', () => {
    const cluster = new Cluster();
    cluster.newcomer(4, 2);
    assert.equal(codeOf(cluster.join(4)), 'done');
    cluster.room.run(5000);
    cluster.close(4);
    assert.equal(codeOf(cluster.propose(1, 'meanwhile')), 'done');
    cluster.open(4, { members: addresses([4]) }, []);
    cluster.room.run(5000);
    assert.deepEqual(cluster.commandsOf(4), ['meanwhile']);
    assert.equal(codeOf(cluster.propose(4, 'and on')), 'done');
  });

  it('is refused under the id of another, and where nobody is admitted', () => {
    const cluster = new Cluster();
    cluster.newcomer(4, 1);
    assert.equal(codeOf(cluster.join(4)), 'done');
    cluster.room.run(3000);
    cluster.close(4);
    const other = new Cluster({ admitsNodes: false });
    // The same id on another machine.
    const [elsewhere, contact] = [...addresses([5, 1]).values()] as [Address, Address];
    const members = new Map([
      [4, elsewhere],
      [1, contact],
    ]);
    const impostor = cluster.room.machine(5).open({ nodeId: 4, members }, []);
    cluster.room.run(500);
    const refused = cluster.outcomeOf((done) => impostor.host?.join(1, {}, 5000, done));
    assert.match(refused.error?.message ?? '', /node 4 is a member already, with other data/);
    other.newcomer(4, 1);
    const closed = other.join(4);
    assert.equal(codeOf(closed), 'HOST_REQUEST_REFUSED');
    assert.match(closed.error?.message ?? '', /lets nobody join by asking/);
  });

  it('is told when nobody answers', () => {
    const cluster = new Cluster();
    cluster.newcomer(4, 9);
    const outcome = cluster.outcomeOf((done) => cluster.host(4).join(1, {}, 3000, done));
    assert.equal(codeOf(outcome), 'HOST_CLUSTER_UNREACHABLE');
    assert.match(outcome.error?.message ?? '', /asked node9:7000\. Last: /);
  });
});

describe('a node that leaves', () => {
  it('may be the leader, and ask whomever it likes', () => {
    const cluster = new Cluster();
    const leaving = cluster.leader;
    const asked = leaving === 1 ? 2 : 1;
    assert.equal(codeOf(cluster.remove(leaving, asked)), 'done');
    cluster.room.run(3000);
    const left = [1, 2, 3].filter((id) => id !== leaving);
    assert.deepEqual(cluster.votersAsSeenBy(asked), left);
    assert.ok(left.includes(cluster.leader));
    assert.equal(codeOf(cluster.propose(asked, 'two of us')), 'done');
  });

  it('is not the last one', () => {
    const cluster = new Cluster();
    assert.equal(codeOf(cluster.remove(3, 1)), 'done');
    assert.equal(codeOf(cluster.remove(2, 1)), 'done');
    const outcome = cluster.remove(1, 1);
    assert.equal(codeOf(outcome), 'RUNTIME_CHANGE_REFUSED');
  });
});
