import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Connection, ConnectionHandlers } from '@quorate/base';
import { concatBytes, equalBytes, Prng } from '@quorate/base';
import { networkCases } from '@quorate/transport/conformance';
import { type FaultyProxy, faultyProxy, noFaults, type ProxyFaults } from './faulty-proxy.ts';
import { loopbackHarness, quickNetwork } from './rig.ts';

const storm: ProxyFaults = {
  loseRequest: 0.05,
  loseAnswer: 0.08,
  double: 0.1,
  badGateway: 0.03,
  cutAll: 0.03,
  maxDelayMs: 4,
};

/** One end, and what it has written and heard. */
class End {
  connection: Connection | null = null;
  readonly written: Uint8Array[] = [];
  readonly received: Uint8Array[] = [];
  receivedBytes = 0;
  closed: string | null = null;

  readonly handlers: ConnectionHandlers = {
    data: (chunk) => {
      assert.equal(this.closed, null);
      this.received.push(Uint8Array.from(chunk));
      this.receivedBytes += chunk.length;
    },
    drained: () => undefined,
    closed: (reason) => {
      assert.equal(this.closed, null);
      this.closed = reason;
    },
  };

  get writtenBytes(): number {
    return this.written.reduce((sum, { length }) => sum + length, 0);
  }

  write(prng: Prng): void {
    const length = prng.chance(0.1) ? prng.below(40_000) : prng.below(300);
    const chunk = Uint8Array.from({ length }, () => prng.below(256));
    if (this.closed !== null || this.connection === null) return;
    this.written.push(chunk);
    this.connection.write([chunk]);
  }

  /** What arrived here is what was written there, from the beginning. */
  hasPrefixOf(other: End): boolean {
    const written = concatBytes(other.written);
    return equalBytes(concatBytes(this.received), written.subarray(0, this.receivedBytes));
  }
}

interface Outcome {
  readonly ends: readonly [End, End];
  readonly accepted: number;
  readonly proxy: FaultyProxy;
}

async function run(seed: number, faults: ProxyFaults, retryForMs: number): Promise<Outcome> {
  const network = quickNetwork({ limits: { maxBodyBytes: 16_384, retryForMs } });
  const prng = new Prng(seed);
  const client = new End();
  const server = new End();
  let accepted = 0;
  const { promise, resolve } = Promise.withResolvers<{ port: number; close: () => void }>();
  network.listen(
    { host: '127.0.0.1', port: 0 },
    (connection) => {
      accepted += 1;
      server.connection = connection;
      return server.handlers;
    },
    (_, listener) => listener && resolve({ port: listener.address.port, close: listener.close }),
  );
  const listening = await promise;
  await using proxy = await faultyProxy({ host: '127.0.0.1', port: listening.port }, seed);
  const connected = Promise.withResolvers<void>();
  network.connect(proxy.address, client.handlers, (error, connection) => {
    client.connection = connection;
    if (error === null) connected.resolve();
    else connected.reject(error);
  });
  await connected.promise;
  proxy.faults = faults;
  for (let round = 0; round < 60; round++) {
    for (const end of [client, server]) if (prng.chance(0.7)) end.write(prng);
    await setTimeout(prng.below(3));
    for (const [end, other] of [[client, server] as const, [server, client] as const]) {
      assert.ok(end.hasPrefixOf(other), `seed ${seed}, round ${round}: a prefix and nothing else`);
    }
  }
  const isSettled = (): boolean =>
    (client.receivedBytes === server.writtenBytes &&
      server.receivedBytes === client.writtenBytes) ||
    (client.closed !== null && server.closed !== null);
  while (!isSettled()) await setTimeout(2);
  const [clientLost, serverLost] = [client.closed, server.closed];
  client.connection?.close('the test is over');
  while (client.closed === null || server.closed === null) await setTimeout(2);
  // Late copies of what belonged to it make no new connection.
  await setTimeout(3 * faults.maxDelayMs);
  listening.close();
  client.closed = clientLost;
  server.closed = serverLost;
  return { ends: [client, server], accepted, proxy };
}

test('no loss, copy or delay of requests loses, doubles or reorders bytes', async () => {
  const befallen = new Set<string>();
  // How many requests there are depends on the machine: on until each fault was among them.
  for (let seed = 1; seed <= 4 || befallen.size < 5; seed++) {
    const { ends, accepted, proxy } = await run(seed, storm, 20_000);
    const [client, server] = ends;
    assert.deepEqual([client.closed, server.closed], [null, null], `seed ${seed}: mended`);
    assert.ok(client.hasPrefixOf(server) && server.hasPrefixOf(client), `seed ${seed}`);
    assert.equal(client.receivedBytes, server.writtenBytes, `seed ${seed}`);
    assert.equal(server.receivedBytes, client.writtenBytes, `seed ${seed}`);
    assert.equal(accepted, 1, `seed ${seed}`);
    for (const fault of proxy.befallen.keys()) befallen.add(fault);
  }
});

test('when nothing passes any more both sides are told, after a prefix', async () => {
  for (let seed = 1; seed <= 2; seed++) {
    const { ends } = await run(seed, { ...storm, loseAnswer: 1 }, 200);
    for (const [end, other] of [ends, [ends[1], ends[0]] as const]) {
      assert.ok(end.hasPrefixOf(other), `seed ${seed}`);
    }
    assert.match(ends[0].closed ?? '', /no request was answered for 200 ms/);
    assert.notEqual(ends[1].closed, null);
  }
});

test('a proxy that holds all back until it is whole changes nothing', async (t) => {
  const network = quickNetwork();
  for (const { name, run: body } of networkCases(() => {
    const proxies = new AsyncDisposableStack();
    return {
      ...loopbackHarness(network),
      via: async (address) => {
        const faults = { ...noFaults, maxDelayMs: 2 };
        return proxies.use(await faultyProxy(address, 1, faults)).address;
      },
      dispose: () => proxies.disposeAsync(),
    };
  })) {
    await t.test(name, body);
  }
});
