import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { Address } from '@quorate/base';
import {
  decodeFrame,
  encodeFrame,
  type TunnelFrame,
} from '../../../src/network/http/tunnel-frame.ts';
import { NodeError } from '../../../src/node-error.ts';
import { Probe, untilTrue } from './probe.ts';
import { quickNetwork } from './rig.ts';

/** What stands where the other node should: answers each frame with a status and bytes. */
type Script = (frame: TunnelFrame) => Reply | Promise<Reply>;
type Reply = { readonly status?: number; readonly body: Uint8Array } | null;

interface Stage extends AsyncDisposable {
  readonly address: Address;
  readonly frames: TunnelFrame[];
  readonly paths: Set<string>;
}

async function stage(script: Script): Promise<Stage> {
  const frames: TunnelFrame[] = [];
  const paths = new Set<string>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const frame = decodeFrame(Buffer.concat(chunks));
    assert.ok(typeof frame !== 'string');
    frames.push(frame);
    paths.add(request.url ?? '');
    const reply = await script(frame);
    if (reply === null) request.socket.destroy();
    else response.writeHead(reply.status ?? 200).end(reply.body);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: '127.0.0.1', port },
    frames,
    paths,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const token = 'ab'.repeat(16);
const opened: Reply = { body: encodeFrame({ kind: 'opened', number: 1, token }) };

function bytes(number: number, parts: Partial<TunnelFrame> = {}, text = ''): Reply {
  return { body: encodeFrame({ kind: 'bytes', number, ...parts }, [Buffer.from(text)]) };
}

type Limits = NonNullable<Parameters<typeof quickNetwork>[0]>['limits'];

function dial(address: Address, limits: Limits = {}): Promise<Probe> {
  const network = quickNetwork({ limits: { retryForMs: 100, ...limits } });
  return new Promise((fulfil, reject) => {
    const handlers = Probe.handlersOf();
    network.connect(address, handlers, (error, connection) => {
      if (connection === null) reject(error);
      else fulfil(handlers.of(connection));
    });
  });
}

async function endOf(script: Script, text = ''): Promise<string> {
  await using there = await stage((frame) => (frame.kind === 'open' ? opened : script(frame)));
  const probe = await dial(there.address);
  if (text !== '') probe.connection.write([Buffer.from(text)]);
  await untilTrue(() => probe.closed !== null);
  return probe.closed ?? '';
}

test('what answers instead of a node is an error of connect, that says what it was', async () => {
  const failure = async (reply: Reply): Promise<string> => {
    await using there = await stage(() => reply);
    const error = await dial(there.address).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof NodeError && error.code === 'NODE_CONNECT_FAILED');
    return error.message;
  };
  const page = Buffer.from('<html>hello</html>');
  assert.match(await failure({ body: page }), /not an answer of a tunnel \(status 200\)/);
  assert.match(await failure({ status: 404, body: page }), /no tunnel at this path/);
  assert.match(await failure({ status: 502, body: page }), /does not reach the node/);
  assert.match(await failure({ body: Buffer.alloc(2_000_000) }), /more than \d+ bytes/);
  assert.match(await failure(null), /reset|hang up/);
  const closing = encodeFrame({ kind: 'refused', number: 1 }, [Buffer.from('it is closing')]);
  assert.match(await failure({ status: 503, body: closing }), /it is closing/);
  await assert.rejects(dial({ host: 'no such host', port: 1 }), { code: 'NODE_CONNECT_FAILED' });
});

test('a connection whose requests are not answered any more ends, and says why', async () => {
  const page = { body: Buffer.from('busy') };
  assert.match(await endOf(() => null), /no request was answered for 100 ms: .*(reset|hang up)/);
  assert.match(await endOf(() => ({ ...page, status: 504 })), /got no answer in time/);
  const large: Script = ({ kind, number }) =>
    kind === 'send' ? { ...page, status: 413 } : bytes(number);
  assert.match(await endOf(large, 'a lot'), /lower limits\.maxBodyBytes .*\(status 413\)/);
  assert.match(await endOf(({ number }) => bytes(number), 'a lot'), /is not acknowledged/);
  assert.match(await endOf(({ number }) => bytes(number + 1)), /to another request/);
});

test('a connection ends at once when the other side says so, or says what cannot be', async () => {
  const closed = { body: encodeFrame({ kind: 'closed', number: 1 }, [Buffer.from('no more')]) };
  assert.equal(await endOf(() => closed), 'the peer ended the connection: no more');
  const unknown = { status: 404, body: encodeFrame({ kind: 'refused', number: 1 }) };
  assert.equal(await endOf(() => unknown), 'the peer ended the connection');
  assert.match(await endOf(({ number }) => bytes(number, { acknowledged: 1 })), /never written/);
  assert.match(await endOf(({ number }) => bytes(number, { offset: 1 }, 'x')), /are missing/);
});

test('bytes that come again are delivered once', async () => {
  let polls = 0;
  const scripted: Script = ({ kind, number }) => {
    if (kind !== 'poll') return bytes(number);
    polls += 1;
    return polls < 4
      ? bytes(number, {}, 'abcdef'.slice(0, 2 * polls))
      : new Promise(() => undefined);
  };
  await using there = await stage((frame) => (frame.kind === 'open' ? opened : scripted(frame)));
  const probe = await dial(there.address);
  await untilTrue(() => there.frames.some(({ acknowledged }) => acknowledged === 6));
  assert.equal(probe.text, 'abcdef');
  assert.equal(there.paths.size, 1);
  assert.match([...there.paths][0] ?? '', /^\/quorate\/peer\/[0-9a-f]{32}$/);
  probe.connection.close('enough');
  await untilTrue(() => there.frames.some(({ kind }) => kind === 'close'));
  assert.ok(there.frames.slice(1).every((frame) => frame.token === token));
});

test('where polls are answered at once with nothing, they are not asked in a circle', async () => {
  await using there = await stage(({ kind, number }) => (kind === 'open' ? opened : bytes(number)));
  const startMs = performance.now();
  const probe = await dial(there.address, { holdMs: 60_000, silenceMs: 90_000 });
  await untilTrue(() => there.frames.length === 6);
  // Three at once, then with pauses of at least 80 ms, 160 ms and so on.
  assert.ok(performance.now() - startMs > 200);
  probe.connection.close('enough');
});

test('a proxy that gives up on polls is asked to hold them for less long', async () => {
  await using there = await stage(async ({ kind, number, holdMs }) => {
    if (kind === 'open') return opened;
    if (kind !== 'poll') return bytes(number);
    if (holdMs < 5000) return new Promise(() => undefined);
    await new Promise((fulfil) => setTimeout(fulfil, 1_020));
    return { status: 504, body: Buffer.from('too long') };
  });
  const probe = await dial(there.address, { holdMs: 20_000, silenceMs: 90_000 });
  await untilTrue(() => there.frames.filter(({ kind }) => kind === 'poll').length === 2);
  assert.equal(there.frames.findLast(({ kind }) => kind === 'poll')?.holdMs, 1000);
  assert.equal(probe.closed, null);
  probe.connection.close('enough');
});
