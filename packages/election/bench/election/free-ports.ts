import { once } from 'node:events';
import { createServer } from 'node:net';

const lowest = 10_000;
const span = 22_000;
const given = new Set<number>();

/**
 * Ports that were free a moment ago and were not given before. Below those that the system lends to
 * outgoing connections, so that a process that is started again finds its own still free.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = lowest + Math.floor(Math.random() * span);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  await once(server.close(), 'close');
  return true;
}
