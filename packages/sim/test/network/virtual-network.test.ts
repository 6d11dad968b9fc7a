import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Address, type Connection, type Listener, Prng } from '@quorate/base';
import { Scheduler, VirtualNetwork } from '@quorate/sim';

type NetworkOptions = ConstructorParameters<typeof VirtualNetwork>[0];

/** One side of a connection, as the process behind it sees it. */
class Side {
  connection: Connection | null = null;
  error: Error | null = null;
  readonly bytes: number[] = [];
  readonly chunks: number[] = [];
  readonly closes: string[] = [];
  drains = 0;

  readonly handlers = {
    data: (chunk: Uint8Array): void => {
      this.chunks.push(chunk.length);
      this.bytes.push(...chunk);
    },
    drained: (): void => {
      this.drains += 1;
    },
    closed: (reason: string): void => {
      this.closes.push(reason);
    },
  };
}

class World {
  readonly scheduler = new Scheduler();
  readonly network: VirtualNetwork;
  readonly accepted: Side[] = [];
  readonly address: Address = { host: 'b', port: 1 };

  constructor(seed = 1, options: Partial<NetworkOptions> = {}) {
    this.network = new VirtualNetwork({
      schedule: (delayMs, callback) => void this.scheduler.schedule(delayMs, callback),
      prng: new Prng(seed),
      ...options,
    });
  }

  listen(node = 2, address = this.address): { error: Error | null; listener: Listener | null } {
    const outcome: { error: Error | null; listener: Listener | null } = {
      error: null,
      listener: null,
    };
    const accept = (connection: Connection) => {
      const side = new Side();
      side.connection = connection;
      this.accepted.push(side);
      return side.handlers;
    };
    this.network.port(node).listen(address, accept, (error, listener) => {
      Object.assign(outcome, { error, listener });
    });
    this.run(1);
    return outcome;
  }

  connect(node = 1): Side {
    const side = new Side();
    this.network.port(node).connect(this.address, side.handlers, (error, connection) => {
      side.error = error;
      side.connection = connection;
    });
    return side;
  }

  /** A connection from 1 to 2: what each side sees. */
  join(): [Side, Side] {
    if (this.accepted.length === 0) this.listen();
    const client = this.connect();
    this.run(200);
    return [client, this.accepted.at(-1) as Side];
  }

  run(durationMs: number): void {
    const untilMs = this.scheduler.nowMs + durationMs;
    while (this.scheduler.step(untilMs));
  }
}

const numbered = Uint8Array.from({ length: 200 }, (_, at) => at);

test('bytes arrive in order, both ways, in chunks of their own', () => {
  const chunkings = new Set<string>();
  for (let seed = 1; seed <= 30; seed++) {
    const world = new World(seed);
    const [client, server] = world.join();
    for (let at = 0; at < 200; at += 20) {
      client.connection?.write([numbered.slice(at, at + 5), numbered.slice(at + 5, at + 20)]);
      server.connection?.write([numbered.slice(at, at + 20)]);
    }
    world.run(1000);
    assert.deepEqual(server.bytes, [...numbered]);
    assert.deepEqual(client.bytes, [...numbered]);
    chunkings.add(server.chunks.join(' '));
  }
  assert.ok(chunkings.size > 25, `${chunkings.size} ways to cut`);
});

test('the same seed gives the same run', () => {
  const history = (seed: number): string => {
    const world = new World(seed, { conditions: { breakProbability: 0.05 } });
    const [client, server] = world.join();
    for (let round = 0; round < 20; round++) client.connection?.write([numbered]);
    world.run(1000);
    const { chunks, closes } = server;
    return JSON.stringify({ chunks, closes, client, events: world.scheduler.executed });
  };
  assert.equal(history(5), history(5));
  assert.notEqual(history(5), history(6));
});

test('a chunk is spoiled once its receiver has returned', () => {
  const world = new World();
  const kept: Uint8Array[] = [];
  const [client, server] = world.join();
  server.handlers.data = (chunk) => void kept.push(chunk);
  client.connection?.write([Uint8Array.of(1, 2, 3)]);
  world.run(100);
  assert.ok(kept.length > 0 && kept.every((chunk) => chunk.every((byte) => byte === 0xdd)));
});

test('connecting to nobody is refused, to a taken address listening is', () => {
  const world = new World();
  const client = world.connect();
  world.run(100);
  assert.match(String(client.error), /ECONNREFUSED/);
  assert.equal(world.listen().error, null);
  const { error } = world.listen(3);
  assert.ok(error !== null && 'code' in error && error.code === 'EADDRINUSE');
});

test('port 0 is a free port, and a closed listener lets its port go', () => {
  const world = new World();
  const first = world.listen(2, { host: 'b', port: 0 }).listener;
  const second = world.listen(2, { host: 'b', port: 0 }).listener;
  assert.ok(first && second && first.address.port > 0);
  assert.notEqual(first.address.port, second.address.port);
  first.close();
  assert.equal(world.listen(2, first.address).error, null);
});

test('a stalled partition holds back in its direction and loses nothing', () => {
  for (const oneWay of [true, false]) {
    const world = new World();
    const [client, server] = world.join();
    world.network.partition(1, 2, { oneWay });
    client.connection?.write([Uint8Array.of(1)]);
    server.connection?.write([Uint8Array.of(2)]);
    world.run(60_000);
    assert.deepEqual([server.bytes, client.bytes], [[], oneWay ? [2] : []]);
    world.network.heal(1, 2);
    world.run(100);
    assert.deepEqual([server.bytes, client.bytes], [[1], [2]]);
  }
});

test('an end that a partition holds back leaves the other side half open until it heals', () => {
  const world = new World();
  const [client, server] = world.join();
  world.network.partition(1, 2);
  client.connection?.close('enough');
  world.run(60_000);
  assert.deepEqual([client.closes, server.closes], [['enough'], []]);
  assert.equal(world.network.connectionCount(2), 1);
  world.network.heal();
  world.run(100);
  assert.equal(server.closes.length, 1);
  assert.equal(world.network.connectionCount(2), 0);
});

test('connecting across a partition waits, and either succeeds once healed or times out', () => {
  const world = new World();
  world.listen();
  world.network.partition(2, 1, { oneWay: true });
  const early = world.connect();
  world.run(10_000);
  assert.equal(early.connection ?? early.error, null);
  world.network.heal();
  world.run(2000);
  assert.notEqual(early.connection, null);
  world.network.partition(1, 2);
  const late = world.connect();
  world.run(25_000);
  assert.match(String(late.error), /ETIMEDOUT/);
});

test('a broken connection ends once at both sides, after a prefix of what was under way', () => {
  const lengths = new Set<number>();
  for (let seed = 1; seed <= 100; seed++) {
    for (const how of ['break', 'partition', 'write'] as const) {
      const world = new World(seed);
      const [client, server] = world.join();
      if (how === 'write') world.network.setConditions({ breakProbability: 1 }, 1, 2);
      client.connection?.write([numbered]);
      if (how === 'break') world.network.breakConnection(2, 1);
      if (how === 'partition') world.network.partition(1, 2, { mode: 'break' });
      world.run(200);
      assert.deepEqual([client.closes.length, server.closes.length], [1, 1], `${how} ${seed}`);
      assert.deepEqual(server.bytes, [...numbered.subarray(0, server.bytes.length)]);
      assert.equal(world.network.connectionCount(1) + world.network.connectionCount(2), 0);
      lengths.add(server.bytes.length);
    }
  }
  assert.ok(lengths.size > 50);
});

test('close is told to both sides, once, and nothing is delivered after it', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const world = new World(seed);
    const [client, server] = world.join();
    server.connection?.write([numbered]);
    client.connection?.close('mine');
    client.connection?.close('twice');
    assert.deepEqual(client.closes, [], 'never from inside the call');
    world.run(200);
    assert.deepEqual([client.bytes, client.closes], [[], ['mine']]);
    assert.equal(server.closes.length, 1);
    assert.equal(server.connection?.write([numbered]), false);
  }
});

test('a crashed process is never called again, and its peers are told', () => {
  const world = new World();
  const [client, server] = world.join();
  client.connection?.write([numbered]);
  const pending = new Side();
  world.network.port(2).connect({ host: 'nowhere', port: 1 }, pending.handlers, (error) => {
    pending.error = error;
  });
  world.network.crash(2);
  world.run(1000);
  assert.deepEqual([server.bytes, server.closes, pending.error], [[], [], null]);
  assert.equal(client.closes.length, 1);
  const again = world.connect();
  world.run(100);
  assert.match(String(again.error), /ECONNREFUSED/);
});

test('of a machine that lost power nothing is heard until one writes to it later', () => {
  const world = new World();
  const [client] = world.join();
  const [silent] = world.join();
  world.network.crash(2, 'machine');
  client.connection?.write([numbered]);
  const connecting = world.connect();
  world.run(5000);
  assert.deepEqual([client.closes, connecting.error], [[], null]);
  world.listen();
  world.run(2000);
  assert.deepEqual([client.closes, silent.closes], [['connection reset by peer'], []]);
  assert.notEqual(connecting.connection, null);
  silent.connection?.write([numbered]);
  world.run(100);
  assert.equal(silent.closes.length, 1);
});

test('a paused process is told afterwards, in order, what came meanwhile', () => {
  const world = new World();
  const [client, server] = world.join();
  world.network.pause(2);
  client.connection?.write([numbered]);
  client.connection?.write([numbered]);
  const waiting = world.connect();
  world.run(5000);
  assert.deepEqual([server.bytes, waiting.connection], [[], null]);
  client.connection?.write([Uint8Array.of(7)]);
  world.network.unpause(2);
  client.connection?.write([Uint8Array.of(8)]);
  world.run(2000);
  assert.deepEqual(server.bytes, [...numbered, ...numbered, 7, 8]);
  assert.notEqual(waiting.connection, null);
});

test('what the network does not take at once is counted, and its going is told', () => {
  const world = new World(1, { socketBufferBytes: 100, highWaterBytes: 150 });
  const [client, server] = world.join();
  assert.equal(client.connection?.write([numbered]), true);
  assert.equal(client.connection?.queuedBytes, 100);
  assert.equal(client.connection?.write([numbered]), false);
  assert.equal(client.connection?.queuedBytes, 300);
  world.run(100);
  assert.deepEqual(
    [server.bytes.length, client.drains, client.connection?.queuedBytes],
    [400, 1, 0],
  );
});

test('a slow link takes its time for every byte', () => {
  const world = new World();
  const [client, server] = world.join();
  world.network.setConditions({ bytesPerMs: 1, spikeProbability: 0 }, 1, 2);
  client.connection?.write([numbered]);
  world.run(150);
  assert.equal(server.bytes.length, 0);
  world.run(300);
  assert.equal(server.bytes.length, 200);
});
