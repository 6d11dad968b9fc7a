import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Address } from '@quorate/base';
import { type FedStanding, openReplica, type Replica } from '../src/index.ts';
import { ListMachine, type Opening, VirtualRoom } from './support/virtual-machine.ts';

const addressOf = (id: number): Address => ({ host: `node${id}`, port: 7000 });
const clusterId = '00c0ffee00c0ffee';
const refreshMs = 1000;
/** Links, and what waits in between. */
const slackMs = 200;

interface Follower {
  readonly id: number;
  readonly replica: Replica;
  readonly machine: ListMachine;
  readonly standing: FedStanding;
}

/** Three members, and followers on machines of their own. */
class Setting {
  readonly room = new VirtualRoom();
  readonly members: Opening[];

  constructor(maxFollowers = 128) {
    const members = new Map([1, 2, 3].map((id) => [id, addressOf(id)]));
    const tuning = { maxFollowers };
    this.members = [1, 2, 3].map((id) => this.room.machine(id).open({ members, tuning }));
    this.room.run(5000);
  }

  get leader(): number {
    const leads = (member: Opening): boolean => member.host?.group(1).status().role === 'leader';
    return this.members.findIndex(leads) + 1;
  }

  propose(text: string): void {
    const command = new TextEncoder().encode(text);
    this.members[this.leader - 1]?.host?.group(1).propose(command, (error) => {
      assert.equal(error, null);
    });
  }

  follower(id: number, upstream: readonly number[], listens = true, maxFollowers = 128): Follower {
    const machine = new ListMachine();
    let opened: Replica | null = null;
    openReplica(
      {
        ports: this.room.machine(id).ports(),
        clusterId,
        upstream: upstream.map(addressOf),
        groups: [{ id: 1, name: 'list', stateMachine: machine }],
        listen: listens ? addressOf(id) : null,
        follow: { refreshMs, maxFollowers, advertise: null },
        onHalt: (error) => assert.fail(error),
      },
      (error, replica) => {
        assert.equal(error, null);
        opened = replica;
      },
    );
    this.room.run(10);
    const replica = opened as Replica | null;
    assert.ok(replica !== null);
    const { standing } = replica.group(1);
    assert.ok(standing !== null);
    return { id, replica, machine, standing };
  }
}

const sourceOf = ({ replica }: Follower): string => replica.group(1).upstream.host;

describe('a follower', () => {
  it('hears who leads and what is applied, at once and at any depth', () => {
    const setting = new Setting();
    const first = setting.follower(10, [1]);
    const second = setting.follower(11, [10]);
    const third = setting.follower(12, [11]);
    setting.room.run(2 * refreshMs);
    assert.deepEqual(
      [first, second, third].map(({ standing }) => [standing.leader, standing.depth]),
      [1, 2, 3].map((depth) => [setting.leader, depth]),
    );
    const { leader } = setting;
    assert.equal(third.standing.addressOf(leader), `node${leader}:7000`);
    setting.propose('a');
    setting.room.run(slackMs);
    assert.deepEqual(third.machine.commands, ['a']);
    const to = (leader % 3) + 1;
    const { term } = third.standing;
    setting.members[leader - 1]?.host?.transferLeadership(1, to, 1000, () => undefined);
    setting.room.run(slackMs);
    assert.equal(setting.leader, to);
    assert.deepEqual([third.standing.leader, third.standing.term], [to, term + 1]);
  });

  it('is never further behind than it was told a refresh ago, at any depth', () => {
    const setting = new Setting();
    const chain = [10, 11, 12, 13].map((id, at) => setting.follower(id, [at === 0 ? 2 : id - 1]));
    setting.room.run(5 * refreshMs);
    for (let step = 0; step < 100; step++) {
      setting.room.run(97);
      for (const { standing } of chain) {
        assert.ok(standing.ageMs >= 0 && standing.ageMs <= refreshMs + slackMs);
      }
    }
  });

  it('says how old its word is when nobody answers any more', () => {
    const setting = new Setting();
    const fed = setting.follower(10, [1, 2, 3]);
    setting.room.run(refreshMs);
    const { leader } = setting;
    for (const id of [1, 2, 3]) setting.room.network.partition(10, id);
    setting.room.run(20_000);
    assert.equal(fed.standing.leader, leader);
    assert.ok(fed.standing.ageMs >= 20_000 && fed.standing.silentMs >= 20_000);
    setting.room.network.heal();
    setting.room.run(10_000);
    assert.ok(fed.standing.ageMs <= refreshMs + slackMs);
  });

  it('leaves a member that is cut off from the others', () => {
    const setting = new Setting();
    const cut = (setting.leader % 3) + 1;
    const other = (cut % 3) + 1;
    const fed = setting.follower(10, [cut, other]);
    setting.room.run(refreshMs);
    assert.equal(sourceOf(fed), `node${cut}`);
    for (const id of [1, 2, 3]) if (id !== cut) setting.room.network.partition(cut, id);
    setting.room.run(3000);
    // That one knows of nobody, and says so.
    assert.equal(fed.standing.leader, 0);
    setting.room.run(10_000);
    assert.notEqual(sourceOf(fed), `node${cut}`);
    assert.equal(fed.standing.leader, setting.leader);
  });

  it('notices a ring that no member feeds', () => {
    const setting = new Setting();
    const ring = [
      setting.follower(10, [11, 1]),
      setting.follower(11, [12, 2]),
      setting.follower(12, [10, 3]),
    ];
    setting.room.run(60_000);
    for (const { standing } of ring) {
      assert.ok(standing.ageMs <= refreshMs + slackMs);
      assert.equal(standing.leader, setting.leader);
    }
  });

  it('is sent on where as many follow as may, and finds a place', () => {
    const setting = new Setting(2);
    const relays = [10, 11, 12, 13, 14, 15].map((id) => setting.follower(id, [1, 2, 3], true, 6));
    setting.room.run(10_000);
    const ids = Array.from({ length: 24 }, (_, at) => 100 + at);
    const leaves = ids.map((id) => setting.follower(id, [1 + (id % 3)], false));
    setting.room.run(120_000);
    const all = [...relays, ...leaves];
    const fed = new Map<string, number>();
    for (const one of all) {
      const source = sourceOf(one);
      fed.set(source, (fed.get(source) ?? 0) + 1);
      assert.ok(one.standing.ageMs <= refreshMs + slackMs);
      assert.equal(one.standing.leader, setting.leader);
    }
    for (const [source, count] of fed) {
      assert.ok(count <= (['node1', 'node2', 'node3'].includes(source) ? 2 : 6));
    }
    for (const relay of relays) {
      assert.equal(relay.replica.followers(1), fed.get(`node${relay.id}`) ?? 0);
    }
  });

  it('finds a place when those that fed it are gone', () => {
    const setting = new Setting(3);
    const relays = [10, 11, 12].map((id) => setting.follower(id, [id - 9], true, 9));
    setting.room.run(3000);
    const ids = Array.from({ length: 9 }, (_, at) => 100 + at);
    const leaves = ids.map((id) => setting.follower(id, [10], false));
    setting.room.run(5000);
    for (const leaf of leaves) assert.equal(leaf.standing.depth, 2);
    relays[0]?.replica.close();
    setting.room.run(60_000);
    for (const { standing } of leaves) assert.ok(standing.ageMs <= refreshMs + slackMs);
  });

  it('is refused by a read replica that follows nobody', () => {
    const setting = new Setting();
    const parts = { clusterId, listen: addressOf(10), onHalt: () => undefined };
    const groups = [{ id: 1, name: 'list', stateMachine: new ListMachine() }];
    const ports = setting.room.machine(10).ports();
    openReplica({ ...parts, ports, groups, upstream: [addressOf(1)] }, () => undefined);
    setting.room.run(1000);
    const fed = setting.follower(11, [10, 2]);
    setting.room.run(5000);
    assert.equal(sourceOf(fed), 'node2');
    assert.equal(fed.standing.depth, 1);
  });
});
