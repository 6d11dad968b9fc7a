import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Address } from '@quorate/base';

export async function open(address: Address): Promise<Socket> {
  const socket = connect(address.port, address.host);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.setNoDelay(true);
  return socket;
}

/** Everything the other side sends until it ends the connection. */
export async function readToEnd(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  await once(socket, 'close');
  return text;
}
