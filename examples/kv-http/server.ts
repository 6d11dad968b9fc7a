// One node of a replicated key-value store over HTTP; README.md beside this file has the API.
//
//   node examples/kv-http/server.ts --id 1 --listen 127.0.0.1:7001 --http 127.0.0.1:8001 \
//     --peers 1=127.0.0.1:7001,2=127.0.0.1:7002,3=127.0.0.1:7003 [--data DIR]
//   node examples/kv-http/server.ts --id 4 --listen 127.0.0.1:7004 --http 127.0.0.1:8004 \
//     --join 127.0.0.1:7001,127.0.0.1:7002
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { openNode } from '@quorate/node';
import { createApi } from './http-api.ts';
import { KeyValueStore } from './key-value-store.ts';

const { values } = parseArgs({
  options: {
    id: { type: 'string', default: '' },
    listen: { type: 'string', default: '' },
    http: { type: 'string', default: '127.0.0.1:0' },
    peers: { type: 'string' },
    join: { type: 'string' },
    data: { type: 'string' },
  },
});

const id = Number(values.id);
const { peers, join, data = `kv-data/${values.id}` } = values;
const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(values.http) ?? [];
if (host === '') throw new Error(`--http ${values.http}: give host:port, as 127.0.0.1:8001`);

// It checks its options, and says which one is wrong and what to give.
const node = await openNode({
  id,
  dataDir: data,
  listen: values.listen,
  ...(peers === undefined ? {} : { peers: parsePeers(peers) }),
  ...(join === undefined ? {} : { join: join.split(',') }),
  groups: { kv: () => new KeyValueStore() },
  log: { level: 'warn', format: 'logfmt' },
});

const server = createServer(createApi(node));
server.listen(Number(port), host.replace(/^\[(.*)\]$/, '$1'));
await once(server, 'listening');
const { address, family, port: bound } = server.address() as AddressInfo;
const shown = family === 'IPv6' ? `[${address}]` : address;
console.log(`node ${id} serves http://${shown}:${bound} (pid ${process.pid})`);

let isStopping = false;
server.on('request', (_request, response) => {
  if (isStopping) response.setHeader('Connection', 'close');
});

async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  const closed = once(server, 'close');
  server.close();
  // What is under way is answered, then the lead is handed over.
  const slow = setTimeout(() => server.closeAllConnections(), 8000);
  await closed;
  clearTimeout(slow);
  await node.close();
  if (process.connected) process.disconnect();
}

process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());
// Started by demo.ts or a test: it ends with whoever started it.
process.on('disconnect', () => void stop());

function parsePeers(text: string): Record<number, string> {
  const pairs = text.split(',').map((pair) => pair.split('=', 2));
  return Object.fromEntries(pairs.map(([peer, address = '']) => [Number(peer), address]));
}
