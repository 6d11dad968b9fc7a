import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as http2Connect, type OutgoingHttpHeaders } from 'node:http2';
import { request } from 'node:https';
import { connect as tcpConnect } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import type { Address } from '@quorate/base';
import { type ClientTls, connect, type QuorateClient } from '@quorate/client';
import { type QuorateServer, type ServerOptions, startServer } from '@quorate/server';
import type { LeafRequest } from '../../src/certs/certificate-maker.ts';
import { freePorts, temporaryDirectory } from '../run-program.ts';
import { MadeCertificates } from './made-certificates.ts';

interface Served {
  readonly made: MadeCertificates;
  readonly address: Address;
  readonly url: string;
}

/** One node whose clients need certificates, and are who those say. */
async function serveOne(
  context: TestContext,
  change: Partial<ServerOptions> = {},
): Promise<Served & { readonly server: QuorateServer }> {
  const made = await MadeCertificates.make(context);
  const directory = await temporaryDirectory(context);
  const files = await made.leaf('n1');
  const peerPort = await freePorts([0]);
  const server = await startServer({
    name: 'n1',
    dataDirectory: join(directory, 'n1'),
    members: [{ name: 'n1', peerUrls: [`https://127.0.0.1:${peerPort}`] }],
    clusterToken: directory,
    listenPeer: { host: '127.0.0.1', port: peerPort },
    listenClient: [
      { host: '127.0.0.1', port: 0, isSecure: true },
      { host: '127.0.0.1', port: 0 },
    ],
    clientTls: { ...files, clientCertAuth: true },
    peerTls: files,
    advertiseClientUrls: ['https://127.0.0.1:2379'],
    tuning: { heartbeatIntervalMs: 40, electionTimeoutMs: 200, segmentBytes: 4 * 1024 * 1024 },
    log: { level: 'silent', format: 'json' },
    ...change,
  });
  context.after(() => server.close());
  const address = server.clientAddresses[0] as Address;
  return { made, server, address, url: `https://127.0.0.1:${address.port}` };
}

async function clientTls({ made }: Served, name: string, other = false): Promise<ClientTls> {
  const files = await made.leaf(name, { use: 'client' }, other ? made.other : made.authority);
  return {
    ca: made.authority.cert,
    cert: readFileSync(files.certFile),
    key: readFileSync(files.keyFile),
  };
}

function connected(
  context: TestContext,
  url: string,
  tls: ClientTls,
  more: Partial<Parameters<typeof connect>[0]> = {},
): QuorateClient {
  const client = connect({ endpoints: [url], tls, timeoutMs: 20_000, ...more });
  context.after(() => client.close());
  return client;
}

function get(url: string, tls: object): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { ...tls, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on('error', reject).end();
  });
}

describe('a client port with TLS', () => {
  it('serves gRPC and HTTP by TLS, and an open port beside it', async (context) => {
    const served = await serveOne(context);
    const tls = await clientTls(served, 'alice');
    const client = connected(context, served.url, tls);
    await client.put('a', 'b');
    assert.equal((await client.get('a')).keyValues.length, 1);
    const { address } = served;
    const endpoint = `127.0.0.1:${address.port}`;
    assert.equal((await client.status(endpoint)).endpoint, endpoint, 'TLS without a scheme');
    const { status, body } = await get(`${served.url}/metrics`, tls);
    assert.equal(status, 200);
    assert.match(body, /^quorate_tls_certificate_expires_in_seconds\{use="client"\} 77\d+$/m);
    assert.match(body, /^quorate_tls_certificate_expires_in_seconds\{use="peer"\} 77\d+$/m);
    const open = served.server.clientAddresses[1] as Address;
    const plain = connect({ endpoints: [`127.0.0.1:${open.port}`], timeoutMs: 20_000 });
    context.after(() => plain.close());
    assert.equal((await plain.get('a')).keyValues.length, 1);
  });

  it('prefers HTTP/2 where a client speaks either, else what it speaks', async (context) => {
    const served = await serveOne(context);
    const tls = await clientTls(served, 'alice');
    for (const [offered, chosen] of [
      [['http/1.1', 'h2'], 'h2'],
      [['h2'], 'h2'],
      [['http/1.1'], 'http/1.1'],
      [[], false],
    ] as const) {
      const socket = tlsConnect({
        ...served.address,
        ...options(tls),
        ALPNProtocols: [...offered],
      });
      await once(socket, 'secureConnect');
      assert.equal(socket.alpnProtocol, chosen);
      socket.destroy();
    }
  });

  it('serves pages and JSON to who speaks HTTP/2 alone', async (context) => {
    const served = await serveOne(context);
    const tls = await clientTls(served, 'alice');
    await connected(context, served.url, tls).put('a', 'b');
    const session = http2Connect(served.url, options(tls));
    const ask = async (fields: OutgoingHttpHeaders, body = ''): Promise<string> => {
      const stream = session.request(fields, { endStream: false });
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.end(body);
      const [{ ':status': status }] = await once(stream, 'response');
      await once(stream, 'close');
      return `${status} ${Buffer.concat(parts)}`;
    };
    assert.match(await ask({ ':path': '/health' }), /^200 \{"health":"true"/);
    const range = { ':path': '/v3/kv/range', ':method': 'POST' };
    assert.match(await ask(range, '{"key":"YQ=="}'), /^200 \{"header":/);
    session.destroy();
  });

  it('tells why there is no connection', async (context) => {
    const served = await serveOne(context);
    const tls = await clientTls(served, 'alice');
    const quick = { timeoutMs: 1500 };
    const untrusting = { ...tls, ca: served.made.other.cert };
    await assert.rejects(connected(context, served.url, untrusting, quick).get('a'), {
      code: 'CLIENT_UNREACHABLE',
      message: /https:\/\/127\.0\.0\.1:\d+ \(.*(self-signed|unable to).*\)/,
    });
    const elsewhere = { ...tls, serverName: 'elsewhere.example' };
    await assert.rejects(connected(context, served.url, elsewhere, quick).get('a'), {
      message: /elsewhere\.example/,
    });
    await assert.rejects(get(`${served.url}/health`, { ca: tls.ca }), {
      code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    });
    const stranger = options(await clientTls(served, 'mallory', true));
    await assert.rejects(get(`${served.url}/health`, stranger));
    assert.throws(() => connect({ endpoints: ['http://127.0.0.1:1'], tls }), {
      code: 'CLIENT_ENDPOINT_INVALID',
      message: /is not encrypted, but TLS was asked for/,
    });
    assert.throws(() => connect({ endpoints: [served.url], tls: { cert: 'x' } }), {
      code: 'CLIENT_TLS_INVALID',
    });
  });

  it('tells one whose certificate is not accepted from one who shows none', async (context) => {
    const served = await serveOne(context);
    const { authority, other } = served.made;
    const leaf = async (request: Partial<LeafRequest>, of = authority): Promise<ClientTls> => {
      const { certFile, keyFile } = await served.made.leaf(
        'mallory',
        { use: 'client', ...request },
        of,
      );
      return { ca: authority.cert, cert: readFileSync(certFile), key: readFileSync(keyFile) };
    };
    const refused =
      /closed; .* not accept the certificate shown to it, which is of CN=mallory, signed by /;
    for (const [tls, expected] of [
      [
        await leaf({}, other),
        new RegExp(`${refused.source}CN=theirs: its log says why; give one of`),
      ],
      [
        await leaf({ days: -1 }),
        new RegExp(`${refused.source}CN=ours, which has expired on \\d{4}-\\d\\d-\\d\\d`),
      ],
      [{ ca: authority.cert }, /\(the server asks for a certificate: give one that it accepts/],
    ] as const) {
      const client = connected(context, served.url, tls, { timeoutMs: 1500 });
      await assert.rejects(client.get('a'), { code: 'CLIENT_UNREACHABLE', message: expected });
      await assert.rejects(
        client.snapshot(() => undefined),
        { message: expected },
      );
    }
  });

  it('answers neither who speaks in the open there, nor TLS where it is open', async (context) => {
    const served = await serveOne(context);
    const socket = tcpConnect(served.address.port, '127.0.0.1');
    socket.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
    const [alert] = (await once(socket, 'data')) as [Buffer];
    assert.equal(alert[0], 0x15, 'an alert');
    await once(socket.resume(), 'close');
    const open = served.server.clientAddresses[1] as Address;
    const wrong = tlsConnect({ ...open, rejectUnauthorized: false });
    const [error] = await once(wrong, 'error');
    assert.equal(error.code, 'ERR_SSL_WRONG_VERSION_NUMBER');
  });

  it('knows a user by the certificate, but not in the gateway', async (context) => {
    const served = await serveOne(context);
    const asRoot = { credentials: { user: 'root', password: 'secret' } };
    const root = await clientTls(served, 'root');
    const plain = connected(context, served.url, root);
    await plain.put('k', 'v');
    await authorise(served, root);
    // No password, and no token: the certificate says who it is.
    assert.equal((await plain.get('k')).keyValues.length, 1);
    const stranger = connected(context, served.url, await clientTls(served, 'nobody'));
    await assert.rejects(stranger.get('k'), { code: 'CLIENT_REFUSED' });
    const body = JSON.stringify({ key: Buffer.from('k').toString('base64') });
    const answer = await post(`${served.url}/v3/kv/range`, body, options(root));
    assert.match(answer, /user name is empty|invalid auth token|"code":\s*(3|16)/);
    const byPassword = connected(context, served.url, await clientTls(served, 'nobody2'), asRoot);
    assert.equal((await byPassword.get('k')).keyValues.length, 1);
  });

  it('can keep its metrics apart, in the open', async (context) => {
    const metricsPort = await freePorts([0]);
    await serveOne(context, { listenMetrics: [{ host: '127.0.0.1', port: metricsPort }] });
    const page = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    assert.match(await page.text(), /quorate_tls_certificate_expires_in_seconds/);
    const health = await fetch(`http://127.0.0.1:${metricsPort}/health`);
    assert.ok([200, 503].includes(health.status));
    const other = await fetch(`http://127.0.0.1:${metricsPort}/v3/kv/range`, { method: 'POST' });
    assert.equal(other.status, 404);
  });
});

/** As node:tls takes them. */
function options({ ca, cert, key }: ClientTls) {
  return { ca: String(ca), cert: String(cert), key: String(key) };
}

function post(url: string, body: string, tls: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { ...tls, agent: false, method: 'POST' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    });
    asked.on('error', reject).end(body);
  });
}

/** A user root with the role root, and authentication on. */
async function authorise({ url }: Served, tls: ClientTls): Promise<void> {
  const call = async (path: string, body: object): Promise<void> => {
    await post(`${url}/v3/auth/${path}`, JSON.stringify(body), options(tls));
  };
  await call('role/add', { name: 'root' });
  await call('user/add', { name: 'root', password: 'secret' });
  await call('user/grant', { user: 'root', role: 'root' });
  await call('enable', {});
}
