import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Connection, ConnectionHandlers } from '@quorate/base';
import { present } from '@quorate/base';
import { networkCases } from '@quorate/transport/conformance';
import { PeerNetwork } from '../src/peer-network.ts';

suite('the network inside the process keeps the contract of a network', () => {
  const network = new PeerNetwork();
  let port = 1;
  const harness = {
    listening: network.of(0),
    connecting: network.of(1),
    address: () => ({ host: 'node', port: port++ }),
    deadAddress: async () => ({ host: 'nobody', port: 1 }),
    pause: (ms: number) => setTimeout(ms),
  };
  for (const { name, run } of networkCases(() => harness)) test(name, run);
});

/** Two nodes with one connection, and what the second has heard. */
async function connected() {
  const network = new PeerNetwork();
  const heard = new EventTarget();
  const text: string[] = [];
  const tell = (what: string): void => {
    text.push(what);
    heard.dispatchEvent(new Event('heard'));
  };
  const handlers: ConnectionHandlers = {
    data: (chunk) => tell(new TextDecoder().decode(chunk)),
    drained: () => undefined,
    closed: (reason) => tell(`closed: ${reason}`),
  };
  const address = { host: 'node1', port: 1 };
  await new Promise((resolve) => network.of(1).listen(address, () => handlers, resolve));
  const connection = await new Promise<Connection>((resolve) => {
    const deaf = { ...handlers, data: () => undefined, closed: () => undefined };
    network.of(0).connect(address, deaf, (_, made) => resolve(present(made, 'it was made')));
  });
  const say = (words: string): void => void connection.write([new TextEncoder().encode(words)]);
  const connect = (): Promise<Error | null> =>
    new Promise((resolve) => network.of(0).connect(address, handlers, resolve));
  return { network, say, text, connect, next: () => once(heard, 'heard') };
}

test('what is sent to a paused node arrives when it goes on', async () => {
  const { network, say, text, next } = await connected();
  network.pause(1);
  say('one ');
  await setTimeout(5);
  say('two');
  assert.deepEqual(text, []);
  const heard = next();
  network.resume(1);
  await heard;
  assert.equal(text.join(''), 'one two');
});

test('a cut breaks what there is and refuses what is tried, until it is healed', async () => {
  const { network, text, connect, next } = await connected();
  const heard = next();
  network.cut(1, 0);
  await heard;
  assert.deepEqual(text, ['closed: the network is cut here']);
  assert.match(String(await connect()), /the network is cut here/);
  network.heal();
  assert.equal(await connect(), null);
});

test('a delay keeps the order', async () => {
  const { network, say, text, next } = await connected();
  network.delay(20);
  const heard = next();
  const beganMs = performance.now();
  say('slow');
  network.delay(0);
  say(' quick');
  await heard;
  assert.equal(text[0], 'slow quick');
  assert.ok(performance.now() - beganMs >= 19);
});
