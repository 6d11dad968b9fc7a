import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { timers } from '../../src/time/timers.ts';

test('timers fire in the order of their delays, once, and not inside the call', async () => {
  const fired: string[] = [];
  await new Promise<void>((fulfil) => {
    timers.after(20, () => {
      fired.push('late');
      fulfil();
    });
    timers.after(0.2, () => fired.push('soon'));
    timers.after(-5, () => fired.push('at once'));
    assert.deepEqual(fired, []);
  });
  assert.equal(fired.at(-1), 'late');
  assert.equal(fired.length, 3);
});

test('a cancelled timer does not fire, and may be cancelled again', async () => {
  let fired = false;
  const timer = timers.after(1, () => {
    fired = true;
  });
  timer.cancel();
  timer.cancel();
  await new Promise<void>((fulfil) => timers.after(5, fulfil));
  assert.equal(fired, false);
});

test('a delay beyond what setTimeout takes does not fire at once', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  let fired = 0;
  const dayMs = 24 * 3600 * 1000;
  const passDays = (days: number): void => {
    for (let day = 0; day < days; day++) context.mock.timers.tick(dayMs);
  };
  const timer = timers.after(31 * dayMs, () => {
    fired++;
  });
  passDays(30);
  assert.equal(fired, 0);
  passDays(2);
  assert.equal(fired, 1);
  timer.cancel();
  const cancelled = timers.after(31 * dayMs, () => {
    fired++;
  });
  passDays(30);
  cancelled.cancel();
  passDays(2);
  assert.equal(fired, 1);
});

test('what is deferred runs after everything that had already arrived', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted: Socket[] = [];
  server.on('connection', (socket) => accepted.push(socket));
  const clients = [0, 1, 2].map(() => connect(port, '127.0.0.1'));
  await Promise.all(clients.map((client) => once(client, 'connect')));
  while (accepted.length < 3) await new Promise((fulfil) => setImmediate(fulfil));

  const seen: string[] = [];
  await new Promise<void>((fulfil) => {
    for (const socket of accepted) {
      socket.on('data', () => {
        seen.push('data');
        if (seen.length > 1) return;
        timers.defer(() => {
          seen.push('deferred');
          fulfil();
        });
      });
    }
    // All three bytes are there before the loop polls again: loopback delivers at once.
    for (const client of clients) client.write('x');
  });
  assert.deepEqual(seen, ['data', 'data', 'data', 'deferred']);
  for (const socket of [...clients, ...accepted]) socket.destroy();
  server.close();
});
