import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { Links } from '../../bench/election/links.ts';

async function echoing(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).pipe(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** Until so many characters have come. */
async function read(socket: Socket, length: number): Promise<string> {
  let text = '';
  while (text.length < length) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    text += chunk.toString();
  }
  return text;
}

describe('links', { timeout: 60_000 }, () => {
  it('pass everything on in its order, and hold it while they are cut', async () => {
    const { server, port } = await echoing();
    const links = await Links.open(2, [port], 5);
    const socket = connect(links.routesOf(1, 1)[0] ?? 0, '127.0.0.1');
    const uncut = connect(links.routesOf(2, 1)[0] ?? 0, '127.0.0.1');
    try {
      const words = Array.from({ length: 50 }, (_, at) => `${at};`);
      for (const word of words) socket.write(word);
      assert.equal(await read(socket, words.join('').length), words.join(''));

      links.setCutOneWay(1, 1, true);
      socket.write('held');
      let isThrough = false;
      const held = read(socket, 4).then((text) => {
        isThrough = true;
        return text;
      });
      // Another link has carried as much there and back meanwhile.
      for (const word of words) uncut.write(word);
      await read(uncut, words.join('').length);
      assert.equal(isThrough, false);
      links.setCutOneWay(1, 1, false);
      assert.equal(await held, 'held');
    } finally {
      socket.destroy();
      uncut.destroy();
      await links.close();
      server.close();
    }
  });
});
