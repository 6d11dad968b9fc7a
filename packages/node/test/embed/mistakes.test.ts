import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Host, Survey } from '@quorate/host';
import type { SimpleStateMachine } from '@quorate/runtime';
import { IdWatch } from '../../src/embed/id-watch.ts';
import { LeadershipEvents } from '../../src/embed/leadership-events.ts';
import { type Group, openNode } from '../../src/index.ts';
import { Counter, TestCluster } from './test-cluster.ts';

const failed = (expected: string) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === expected;
const refused = (expected: string) => (error: unknown) =>
  failed('HOST_REQUEST_REFUSED')(error) &&
  (error as { metadata?: { code?: string } }).metadata?.code === expected;
const invalid = failed('NODE_OPTIONS_INVALID');

const alone = {
  id: 1,
  dataDir: null,
  listen: '127.0.0.1:0',
  peers: { 1: '127.0.0.1:0' },
  log: { level: 'silent', format: 'json' },
  onHalt: () => undefined,
} as const;

describe('a member that is added', () => {
  it('is a new one: no mistake demotes a voter or moves it elsewhere', async () => {
    await using cluster = await TestCluster.of(3);
    const group = cluster.node(1).group('counter');
    await group.propose({ add: 1 });
    const before = group.members();
    const at = cluster.addressOf(2);
    const elsewhere = '127.0.0.1:1';
    await assert.rejects(group.addMember({ id: 2, address: elsewhere }), refused('NODE_ID_TAKEN'));
    const learner = { id: 2, address: at, learner: true };
    await assert.rejects(group.addMember(learner), refused('NODE_ID_TAKEN'));
    await assert.rejects(group.addMember({ id: 7, address: at }), refused('NODE_ADDRESS_TAKEN'));
    await group.addMember({ id: 2, address: at });
    const text = { id: '4', address: elsewhere } as unknown as { id: number; address: string };
    await assert.rejects(group.addMember(text), invalid);
    const unchanged = group.members().map(({ id, address, role }) => ({ id, address, role }));
    assert.deepEqual(
      unchanged,
      before.map(({ id, address, role }) => ({ id, address, role })),
    );
    await assert.rejects(group.removeMember(99), failed('NODE_MEMBER_UNKNOWN'));
    await assert.rejects(group.transferLeadership(99), /it is no voter of the group/);
    assert.equal((await group.propose({ add: 1 })).result, 2);
  });

  it('of another cluster by its own word is refused', async () => {
    await using cluster = await TestCluster.of(1);
    await cluster.node(1).group('counter').propose({ add: 1 });
    const join = [cluster.addressOf(1)];
    await assert.rejects(
      cluster.open(2, { join, cluster: 'other' }),
      /that of the members is 'quo/,
    );
    await cluster.open(3, { join, cluster: 'quorate' });
  });
});

describe('options of a call', () => {
  it('are checked before anything is begun', async () => {
    await using node = await openNode({ ...alone, groups: { counter: () => new Counter() } });
    const group: Group<Counter> = node.group('counter');
    const session = group.openSession();
    const bad: readonly unknown[] = [
      { sesion: session },
      { signal: {} },
      { session: {} },
      { durability: {} },
      { durability: { depth: 0, domains: 1 } },
      { session, durability: { depth: 1, domains: 1 } },
    ];
    for (const options of bad) {
      await assert.rejects(
        group.propose({ add: 1 }, options as Parameters<typeof group.propose>[1]),
        invalid,
      );
    }
    const badReads = [
      { consistency: 'strong' },
      { minIndex: -1 },
      { maxStalenessMs: -1 },
      { x: 1 },
    ];
    for (const options of badReads) {
      await assert.rejects(group.read('value', options as object), invalid);
    }
    for (const options of [{ ttlMs: 0 }, { ttlMs: -5 }, { ttl: 5 }, { maxOutstanding: 0.5 }]) {
      assert.throws(() => group.openSession(options as object), invalid);
    }
    assert.equal(await group.read((counter) => counter.applied), 0);
    const applied = await group.propose({ add: 2 }, { session, signal: AbortSignal.timeout(9000) });
    assert.equal(applied.result, 2);
  });

  it('take no session of another group', async () => {
    const groups = { one: () => new Counter(), other: () => new Counter() };
    await using node = await openNode({ ...alone, groups });
    await using session = node.group('other').openSession();
    await assert.rejects(node.group('one').propose({ add: 1 }, { session }), invalid);
    assert.equal(await node.group('other').read('value'), 0);
  });
});

describe('a node that closes', () => {
  it('lets what is under way in sessions and without finish', async () => {
    await using cluster = await TestCluster.of(3);
    const leader = await cluster.leader();
    const follower = leader === 1 ? 2 : 1;
    const group = cluster.node(follower).group('counter');
    const session = group.openSession();
    await session.propose({ add: 0 });
    const all = Array.from({ length: 100 }, (_, at) =>
      at % 2 === 0 ? session.propose({ add: 1 }) : group.propose({ add: 1 }),
    );
    await cluster.close(follower);
    await Promise.all(all);
    assert.equal(await cluster.node(leader).group('counter').read('value'), 100);
    await assert.rejects(group.propose({ add: 1 }), failed('RUNTIME_STOPPING'));
  });
});

class Fragile extends Counter {
  override apply(command: { readonly add: number }, entry: { index: number }): number {
    if (command.add === 13) throw new Error('unlucky');
    return super.apply(command, { ...entry, timestampMicros: 0 });
  }
}

describe('a node that has halted', () => {
  it('has lost the lead, and says why to all who ask', async () => {
    await using node = await openNode({ ...alone, groups: { counter: () => new Fragile() } });
    const group = node.group('counter');
    const session = group.openSession();
    await session.propose({ add: 1 });
    const told: string[] = [];
    group.onLeadership(({ kind }) => told.push(kind));
    await assert.rejects(group.propose({ add: 13 }), failed('RUNTIME_OUTCOME_UNKNOWN'));
    assert.deepEqual(told, ['lost']);
    assert.equal(group.status().role, 'follower');
    const halted = (error: Error & { metadata?: { code?: string } }): boolean =>
      failed('RUNTIME_HALTED')(error) && error.metadata?.code === 'RUNTIME_MACHINE_THREW';
    await assert.rejects(group.propose({ add: 1 }), halted);
    await assert.rejects(group.read('value'), halted);
    await assert.rejects(session.propose({ add: 1 }), failed('RUNTIME_HALTED'));
  });
});

class Forgetful implements SimpleStateMachine<number, number, 'next', number> {
  value = 0;
  apply(command: number): number {
    this.value += command;
    return this.value;
  }
  query(): number {
    this.value += 1;
    return this.value;
  }
  toJSON(): unknown {
    return this.value;
  }
  fromJSON(state: unknown): void {
    this.value = state as number;
  }
}

describe('checked mode', () => {
  it('finds a query, or a view, that changes the state', async () => {
    const groups = { one: () => new Forgetful() };
    await using node = await openNode({ ...alone, checked: true, groups });
    const group = node.group('one');
    await group.propose(1);
    await assert.rejects(group.read('next'), /a query or a read changed the state/);
  });
});

describe('leadership events', () => {
  it('begin with the call, and outlive listeners that throw', async () => {
    const thrown: (() => void)[] = [];
    const events = new LeadershipEvents({ defer: (callback) => void thrown.push(callback) });
    const drawn = events.iterate(undefined);
    const left = events.iterate(undefined);
    await left.return?.();
    events.listen(() => {
      throw new Error('mine');
    });
    const heard: string[] = [];
    events.listen(({ kind }) => heard.push(kind));
    events.changed({ role: 'leader', term: 2, leader: 1, node: 1 });
    assert.deepEqual(heard, ['elected']);
    assert.throws(() => thrown[0]?.(), /mine/);
    assert.deepEqual((await drawn.next()).value, { kind: 'elected', term: 2 });
    assert.equal((await left.next()).done, true);
    events.close();
    assert.deepEqual((await drawn.next()).value, { kind: 'lost', term: 2 });
    assert.equal((await drawn.next()).done, true);
  });
});

describe('a node under the id of another', () => {
  it('is told by the members, since they answer it nothing', () => {
    const due: (() => void)[] = [];
    const lines: string[] = [];
    const timers = {
      after: (_delayMs: number, callback: () => void) => {
        due.push(callback);
        return { cancel: () => undefined };
      },
      defer: (callback: () => void) => void due.push(callback),
    };
    const say = (event: string): void => void lines.push(event);
    const logger = { debug: say, info: say, warn: say, error: say, child: () => logger };
    const member = { id: 2, address: 'a:1', role: 'voter', incarnation: 7 } as const;
    const found = { id: 5, index: 9, leader: 1, members: [member] };
    const survey: Survey = {
      groups: new Map([[5, found]]),
      confirmed: new Map(),
      nodes: new Map(),
    };
    const host = {
      nodeId: 2,
      incarnation: 8,
      group: () => ({ status: () => ({ leader: 0 }) }),
      survey: (_group: number | null, done: (found: Survey) => void) => done(survey),
    } as unknown as Host;
    const watch = new IdWatch({ host, groups: new Map([['counter', 5]]), timers, logger });
    due.shift()?.();
    assert.deepEqual(lines, ['members know other data under the id of this node']);
    watch.close();
  });
});
