import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openNode } from '../../src/index.ts';
import { type Add, Counter, TestCluster } from './test-cluster.ts';

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let left = 1000; !holds(); left--) {
    assert.ok(left > 0, what);
    await new Promise((fulfil) => setTimeout(fulfil, 10));
  }
}

const code = (expected: string) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === expected;

describe('a cluster of one’s own state machine', () => {
  it('proposes and reads on every node, in the state machine’s own types', async () => {
    await using cluster = await TestCluster.of(3);
    let expected = 0;
    for (const id of [1, 2, 3]) {
      const counter = cluster.node(id).group('counter');
      const { result, index } = await counter.propose({ add: id });
      expected += id;
      assert.equal(result, expected);
      assert.ok(index > 0);
      for (const reader of [1, 2, 3]) {
        const group = cluster.node(reader).group('counter');
        assert.equal(await group.read('value'), expected);
        assert.equal(
          await group.read((machine) => machine.value, { consistency: 'lease' }),
          expected,
        );
        const local = { consistency: 'local', minIndex: index } as const;
        assert.equal(await group.read('value', local), expected);
        const bounded = { consistency: 'bounded', maxStalenessMs: 1000, minIndex: index } as const;
        assert.equal(await group.read('value', bounded), expected);
      }
    }
  });

  it('starts anew with what it had', async () => {
    await using cluster = await TestCluster.of(1);
    await cluster.node(1).group('counter').propose({ add: 7 });
    await cluster.close(1);
    const again = await cluster.open(1, { peers: cluster.peers([1]) });
    assert.equal(await again.group('counter').read('value'), 7);
    await cluster.close(1);
    // The directory knows its cluster by now.
    const alone = await cluster.open(1, {});
    assert.equal(await alone.group('counter').read('value'), 7);
  });

  it('takes nodes in that know any member, lets them go, and hands the lead over', async () => {
    await using cluster = await TestCluster.of(3);
    await cluster.node(1).group('counter').propose({ add: 5 });
    const joined = await cluster.open(4, { join: [cluster.addressOf(2)] });
    const counter = joined.group('counter');
    await until(
      () => counter.members().some(({ id, role }) => id === 4 && role === 'voter'),
      'the new node becomes a voter',
    );
    assert.equal(await counter.read('value'), 5);
    await counter.transferLeadership(4);
    assert.equal(counter.status().role, 'leader');
    await cluster.close(4);
    const back = await cluster.open(4, {});
    assert.equal((await back.group('counter').propose({ add: 1 })).result, 6);
    await cluster.node(3).leave();
    cluster.nodes.delete(3);
    const left = cluster.node(1).group('counter');
    await until(() => left.members().length === 3, 'three are left');
    assert.deepEqual(
      left.members().map(({ id }) => id),
      [1, 2, 4],
    );
    assert.equal((await left.propose({ add: 1 })).result, 7);
  });

  it('applies once what is proposed through a session, whoever leads', async () => {
    await using cluster = await TestCluster.of(3);
    const counter = cluster.node(1).group('counter');
    await using session = counter.openSession();
    const proposals: Promise<{ result: number }>[] = [];
    for (let at = 0; at < 40; at++) {
      proposals.push(session.propose({ add: 1 }));
      if (at % 10 === 5) await counter.transferLeadership();
    }
    const results = await Promise.all(proposals);
    assert.deepEqual(
      results.map(({ result }) => result).sort((a, b) => a - b),
      Array.from({ length: 40 }, (_, at) => at + 1),
    );
    assert.equal((await counter.propose({ add: 0 }, { session })).result, 40);
  });

  it('tells once of each leadership won and lost, in order', async () => {
    await using cluster = await TestCluster.of(3);
    const leader = await cluster.leader();
    const told: string[] = [];
    const group = cluster.node(leader).group('counter');
    const other = leader === 1 ? 2 : 1;
    group.onLeadership((event) => {
      // On the way to the next leader there may be none for a moment.
      if (event.kind !== 'leader') told.push(event.kind);
      else if (event.leader !== 0) told.push(`leader ${event.leader}`);
    });
    await group.transferLeadership(other);
    await until(() => told.length === 2, 'the old leader knows the new one');
    await group.transferLeadership(leader);
    const here = ['lost', `leader ${other}`, 'elected'];
    assert.deepEqual(told, here);
    await cluster.close(leader);
    assert.deepEqual(told.slice(0, 4), [...here, 'lost']);
  });

  it('runs in memory, and checked', async () => {
    const node = await openNode({
      id: 1,
      dataDir: null,
      listen: '127.0.0.1:0',
      peers: { 1: '127.0.0.1:0' },
      groups: { counter: () => new Counter() },
      checked: true,
      log: { level: 'silent', format: 'json' },
    });
    await using counter = {
      group: node.group('counter'),
      [Symbol.asyncDispose]: () => node.close(),
    };
    assert.equal((await counter.group.propose({ add: 3 })).result, 3);
    assert.equal(await counter.group.read('value'), 3);
  });
});

describe('a state machine that is not deterministic', () => {
  it('halts a checked node at the first command that shows it, and says how', async () => {
    class Clocked extends Counter {
      override apply(command: Add): number {
        this.value += command.add + Date.now();
        return this.value;
      }
    }
    const halted = Promise.withResolvers<Error>();
    const node = await openNode({
      id: 1,
      dataDir: null,
      listen: '127.0.0.1:0',
      peers: { 1: '127.0.0.1:0' },
      groups: { counter: () => new Clocked() },
      checked: true,
      log: { level: 'silent', format: 'json' },
      onHalt: halted.resolve,
    });
    const proposed = node.group('counter').propose({ add: 1 });
    await assert.rejects(proposed, code('RUNTIME_OUTCOME_UNKNOWN'));
    const error = await halted.promise;
    assert.equal((error as { code?: string }).code, 'RUNTIME_MACHINE_IMPURE');
    assert.match(error.message, /Date\.now/);
    await node.close();
  });
});

describe('bad input to a node', () => {
  const good = {
    id: 1,
    dataDir: null,
    listen: '127.0.0.1:0',
    peers: { 1: '127.0.0.1:0' },
    groups: { counter: new Counter() },
  };

  it('names the option and what to give', async () => {
    for (const [bad, message] of [
      [{ id: 0 }, /option id is 0: give a whole number/],
      [{ listen: 'nowhere' }, /option listen is 'nowhere': give 'host:port'/],
      [{ peers: { 2: '127.0.0.1:1' } }, /option peers lacks this node, 1/],
      [{ peers: { 1: 'a:1', 2: 'a:1' } }, /option peers\[2\] has the address of 1, a:1/],
      [{ join: ['a:1'] }, /option join stands beside peers/],
      [{ peers: undefined }, /peers and join are missing/],
      [{ groups: {} }, /option groups is empty/],
      [
        { groups: { a: {} } },
        /option groups\["a"\] is no state machine: give an object with apply/,
      ],
      [{ checked: true }, /checked mode needs copies/],
      [{ dataDirectory: 'x' }, /option dataDirectory is unknown: use one of id, dataDir/],
      [{ timeoutMs: 0.5 }, /option timeoutMs is 0.5/],
      [{ id: '1' }, /option id is '1', a string: give a whole number/],
      [{ dataDir: '' }, /option dataDir is empty, no path/],
      [{ dataDir: import.meta.filename }, /option dataDir .* is a file: name a directory/],
      [{ log: { level: 'loud', format: 'json' } }, /option log.level is loud: use one of debug/],
      [{ groups: { a: Counter } }, /groups\["a"\] is the class Counter itself: give \(\) => new/],
      [{ learner: 'yes' }, /option learner is 'yes', a string/],
    ] as const) {
      const options = { ...good, ...bad } as unknown as Parameters<typeof openNode>[0];
      await assert.rejects(openNode(options), (error: Error) => {
        assert.match(error.message, message);
        return code('NODE_OPTIONS_INVALID')(error);
      });
    }
  });

  it('is refused before anything happened', async () => {
    await using cluster = await TestCluster.of(1);
    const counter = cluster.node(1).group('counter');
    await assert.rejects(counter.propose({ add: 0.5 }), code('RUNTIME_COMMAND_REFUSED'));
    const bad = { add: 1, at: new Date() } as unknown as { add: number };
    await assert.rejects(counter.propose(bad), code('RUNTIME_COMMAND_NOT_JSON'));
    await assert.rejects(counter.propose({ add: 1 }, { signal: AbortSignal.abort() }), {
      name: 'AbortError',
    });
    await assert.rejects(
      counter.read(async () => 1),
      TypeError,
    );
    await assert.rejects(
      counter.read('value', { consistency: 'bounded' }),
      code('NODE_OPTIONS_INVALID'),
    );
    const soon = AbortSignal.timeout(1);
    await cluster.open(2, { join: [cluster.addressOf(1)] });
    await assert.rejects(cluster.open(3, { join: ['127.0.0.1:1'], timeoutMs: 300 }), (error) =>
      code('HOST_CLUSTER_UNREACHABLE')(error),
    );
    assert.ok(soon.aborted);
    assert.equal(await counter.read((machine) => machine.applied), 0);
  });

  it('says that the outcome is unknown when the wait for it was ended', async () => {
    await using cluster = await TestCluster.of(3);
    await cluster.node(1).group('counter').propose({ add: 1 });
    await cluster.close(2);
    await cluster.close(3);
    const counter = cluster.node(1).group('counter');
    const signal = AbortSignal.timeout(50);
    await assert.rejects(counter.propose({ add: 1 }, { signal }), code('RUNTIME_OUTCOME_UNKNOWN'));
    await assert.rejects(counter.read('value', { signal: AbortSignal.timeout(50) }), {
      name: 'TimeoutError',
    });
  });

  it('of one node in another’s directory, or cluster, is refused', async () => {
    await using cluster = await TestCluster.of(1);
    const dataDir = `${cluster.directory}/node1`;
    await assert.rejects(cluster.open(2, { dataDir }), code('STORAGE_LOCKED'));
    await assert.rejects(cluster.open(2, { dataDir }), /is in use: .* in this same process/);
    await cluster.close(1);
    await assert.rejects(cluster.open(2, { dataDir }), code('STORAGE_FOREIGN_DIRECTORY'));
    await assert.rejects(
      cluster.open(1, { peers: cluster.peers([1]), cluster: 'another' }),
      code('STORAGE_FOREIGN_DIRECTORY'),
    );
  });
});
