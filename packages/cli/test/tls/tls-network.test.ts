import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket, connect as tcpConnect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';
import {
  type Address,
  type Connection,
  type ConnectionHandlers,
  type Listener,
  type Network,
  silentLogger,
} from '@quorate/base';
import {
  createTcpNetwork,
  openTlsNetwork,
  TlsDoor,
  type TlsDoorLimits,
  type TlsNetwork,
} from '@quorate/node';
import { networkCases } from '@quorate/transport/conformance';
import { issueLeaf, makeAuthority } from '../../src/certs/certificate-maker.ts';
import { freePorts } from '../run-program.ts';
import { KeptLog, MadeCertificates } from './made-certificates.ts';

const anyPort: Address = { host: '127.0.0.1', port: 0 };

interface Heard {
  readonly handlers: ConnectionHandlers;
  readonly first: Promise<string>;
  readonly closed: Promise<string>;
}

function hearing(): Heard {
  const first = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<string>();
  const handlers = {
    data: (chunk: Uint8Array) => first.resolve(Buffer.from(chunk).toString()),
    drained: () => undefined,
    closed: closed.resolve,
  };
  return { handlers, first: first.promise, closed: closed.promise };
}

function listenOn(
  network: Network,
  accept: (connection: Connection) => ConnectionHandlers,
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    network.listen(anyPort, accept, (error, listener) => {
      if (listener === null) reject(error);
      else resolve(listener);
    });
  });
}

function dial(
  network: Network,
  address: Address,
  handlers: ConnectionHandlers,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    network.connect(address, handlers, (error, connection) => {
      if (connection === null) reject(error);
      else resolve(connection);
    });
  });
}

/** A listener that answers with what it hears. */
async function echo(context: TestContext, network: Network): Promise<Address> {
  const listener = await listenOn(network, (connection) => ({
    data: (chunk) => void connection.write([new Uint8Array(chunk)]),
    drained: () => undefined,
    closed: () => undefined,
  }));
  context.after(() => listener.close());
  return listener.address;
}

async function open(
  context: TestContext,
  options: Parameters<typeof openTlsNetwork>[0],
): Promise<TlsNetwork> {
  const network = await openTlsNetwork(options);
  context.after(() => network.close());
  return network;
}

/** Where nobody listens: a port that was free a moment ago. */
async function deadAddress(): Promise<Address> {
  return { host: '127.0.0.1', port: await freePorts([0]) };
}

describe('the network with TLS keeps the contract: when', () => {
  for (const { name } of networkCases(() => assert.fail('only named here'))) {
    it(name, async (context) => {
      const made = await MadeCertificates.make(context);
      const network = await open(context, { ...(await made.leaf('n1')), logger: silentLogger });
      const harness = {
        listening: network,
        connecting: network,
        address: () => anyPort,
        deadAddress,
        pause: (ms: number) => setTimeout(ms),
      };
      await networkCases(() => harness)
        .find((one) => one.name === name)
        ?.run();
    });
  }
});

/** Says something and waits for the answer or the end. */
async function exchange(network: Network, address: Address): Promise<string> {
  const heard = hearing();
  const connection = await dial(network, address, heard.handlers);
  connection.write([Buffer.from('hello')]);
  const outcome = await Promise.race([heard.first, heard.closed.then((r) => `closed: ${r}`)]);
  connection.close('done');
  await heard.closed;
  return outcome;
}

describe('links with TLS', () => {
  it('carry bytes when both ends show certificates of the authority', async (context) => {
    const made = await MadeCertificates.make(context);
    const one = await open(context, { ...(await made.leaf('n1')), logger: silentLogger });
    const two = await open(context, { ...(await made.leaf('n2')), logger: silentLogger });
    assert.equal(await exchange(two, await echo(context, one)), 'hello');
  });

  it('are refused to whom another authority has signed, at both ends', async (context) => {
    const made = await MadeCertificates.make(context);
    const log = new KeptLog();
    const one = await open(context, { ...(await made.leaf('n1')), logger: log });
    const stranger = await made.leaf('n2', {}, made.other);
    const two = await open(context, { ...stranger, logger: silentLogger });
    const address = await echo(context, one);
    // It trusts us, and hears of the refusal only after its own handshake.
    assert.match(await exchange(two, address), /^closed: /);
    const refusal = await log.line('peer refused', /signed by no authority of the trusted CA/);
    assert.match(String(refusal.fields['remote']), /^127\.0\.0\.1:\d+$/);
    assert.match(String(refusal.fields['advice']), /--peer-trusted-ca-file/);
    const strangers = await echo(context, two);
    await assert.rejects(exchange(one, strangers), { message: /no authority of the trusted CA/ });
  });

  it('are refused to who shows no certificate, with an alert', async (context) => {
    const made = await MadeCertificates.make(context);
    const log = new KeptLog();
    const one = await open(context, { ...(await made.leaf('n1')), logger: log });
    const { port } = await echo(context, one);
    const socket = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    const [error] = await once(socket, 'error');
    assert.equal(error.code, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
    await log.line('peer refused', /shows no certificate/);
  });

  it('are not made to a node whose certificate is for another host', async (context) => {
    const made = await MadeCertificates.make(context);
    const one = await made.leaf('n1', { hosts: ['elsewhere.example'] });
    const two = await made.leaf('n2');
    const address = await echo(context, await open(context, { ...one, logger: silentLogger }));
    const dialler = await open(context, { ...two, logger: silentLogger });
    await assert.rejects(exchange(dialler, address), {
      code: 'NODE_CONNECT_FAILED',
      message: /for DNS:elsewhere\.example, not for 127\.0\.0\.1: issue one that names/,
    });
  });

  it('are made only to and by the common names that are allowed', async (context) => {
    const made = await MadeCertificates.make(context);
    const log = new KeptLog();
    const rule = { allowedCommonNames: ['n1', 'n2'] };
    const one = await open(context, { ...(await made.leaf('n1')), ...rule, logger: log });
    const two = await open(context, { ...(await made.leaf('n2')), ...rule, logger: silentLogger });
    const three = await open(context, { ...(await made.leaf('n3')), logger: silentLogger });
    const address = await echo(context, one);
    assert.equal(await exchange(two, address), 'hello');
    assert.match(await exchange(three, address), /^closed: /);
    await log.line('peer refused', /its certificate is of "n3"; allowed: n1, n2/);
    await assert.rejects(exchange(two, await echo(context, three)), { message: /is of "n3"/ });
  });

  it('are made only by those whose certificate is for an allowed host', async (context) => {
    const made = await MadeCertificates.make(context);
    const log = new KeptLog();
    const rule = { allowedHostnames: ['nodes.example'] };
    const hosts = ['127.0.0.1', 'nodes.example'];
    const member = await made.leaf('n1', { hosts });
    const one = await open(context, { ...member, ...rule, logger: log });
    const two = await open(context, { ...(await made.leaf('n2')), logger: silentLogger });
    const address = await echo(context, one);
    assert.equal(await exchange(one, address), 'hello');
    assert.match(await exchange(two, address), /^closed: /);
    await log.line('peer refused', /is for IP Address:127\.0\.0\.1; allowed: nodes\.example/);
  });

  it('say at both ends what is wrong when each trusts another authority', async (context) => {
    const made = await MadeCertificates.make(context);
    const logs = { ours: new KeptLog(), theirs: new KeptLog() };
    const ours = await open(context, { ...(await made.leaf('n1')), logger: logs.ours });
    const theirs = await open(context, {
      ...(await made.leaf('n2', {}, made.other)),
      trustedCaFile: made.directory.certPath('otherca'),
      logger: logs.theirs,
    });
    await assert.rejects(
      exchange(theirs, await echo(context, ours)),
      /no authority of the trusted/,
    );
    const dialing = await logs.theirs.line('peer refused', /signed by no authority of the trusted/);
    assert.match(String(dialing.fields['advice']), /--peer-trusted-ca-file here/);
    await logs.ours.line('peer refused', /broke the TLS handshake off.*its own log says why/);
  });

  it('are refused to who speaks in the open, and both ends say what to set', async (context) => {
    const made = await MadeCertificates.make(context);
    const log = new KeptLog();
    const secure = await open(context, { ...(await made.leaf('n1')), logger: log });
    const plain = createTcpNetwork(log);
    const outcome = await exchange(plain, await echo(context, secure));
    assert.match(outcome, /^closed: it speaks TLS, and this node does not.*--peer-cert-file/);
    const atSecure = await log.line('peer refused', /^it does not speak TLS$/);
    assert.match(String(atSecure.fields['advice']), /https peer URLs, --peer-cert-file/);
    await assert.rejects(exchange(secure, await echo(context, plain)), /it does not speak TLS/);
    const atPlain = await log.line('peer refused', /it speaks TLS, and this node does not/);
    assert.match(String(atPlain.fields['advice']), /all nodes need the same/);
  });

  it('are cut when handshakes do not end, or too many are under way', async (context) => {
    const made = await MadeCertificates.make(context);
    const { certificates } = await open(context, {
      ...(await made.leaf('n1')),
      logger: silentLogger,
    });
    const said: string[] = [];
    const doorOf = (limits: TlsDoorLimits): TlsDoor =>
      new TlsDoor({
        certificates,
        protocols: [],
        limits,
        judge: () => null,
        secured: (socket) => void socket.end('welcome'),
        refused: (_remote, { reason }) => said.push(reason),
      });
    const portOf = async (limits: TlsDoorLimits): Promise<number> => {
      const door = doorOf(limits);
      const server = createServer((socket) => door.enter(socket)).listen(0, '127.0.0.1');
      context.after(() => server.close());
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    };
    const slow = async (port: number, bytes: readonly number[]): Promise<Socket> => {
      const socket = tcpConnect(port, '127.0.0.1');
      socket.on('error', () => undefined).resume();
      await once(socket, 'connect');
      if (bytes.length > 0) socket.write(Uint8Array.from(bytes));
      return socket;
    };
    const impatient = await portOf({ handshakeTimeoutMs: 100, maxHandshakes: 8 });
    for (const bytes of [[], [0x16, 3, 1, 1, 0]]) {
      const socket = await slow(impatient, bytes);
      await once(socket, 'close');
      assert.deepEqual(said.splice(0), ['no TLS handshake within 100 ms']);
    }
    const narrow = await portOf({ handshakeTimeoutMs: 60_000, maxHandshakes: 2 });
    const [oldest, next] = [await slow(narrow, [0x16]), await slow(narrow, [])];
    const cut = once(oldest, 'close');
    const { certFile, keyFile } = made.files('n1');
    const guest = tlsConnect({
      port: narrow,
      host: '127.0.0.1',
      ca: made.authority.cert,
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
    });
    const [welcome] = await once(guest, 'data');
    assert.equal(String(welcome), 'welcome');
    await cut;
    assert.deepEqual(said, ['too many handshakes are under way']);
    guest.destroy();
    next.destroy();
  });
});

describe('certificates on disk', () => {
  it('are taken up when they change, and broken ones are not', async (context) => {
    const made = await MadeCertificates.make(context);
    const log = new KeptLog();
    const one = await open(context, { ...(await made.leaf('n1')), logger: log });
    const address = await echo(context, one);
    const two = await open(context, { ...(await made.leaf('n2')), logger: silentLogger });
    const shown = async (): Promise<string> => {
      const { certFile, keyFile } = made.files('n2');
      const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)];
      const socket = tlsConnect({ ...address, cert, key, ca: made.authority.cert });
      await once(socket, 'secureConnect');
      const serial = socket.getPeerX509Certificate()?.serialNumber ?? '';
      socket.on('error', () => undefined).destroy();
      return serial;
    };
    const before = one.certificates.leaf.serialNumber;
    assert.equal(await shown(), before);

    await made.leaf('n1');
    await one.certificates.check();
    const after = made.directory.leaf('n1').serialNumber;
    assert.notEqual(after, before);
    assert.equal(await shown(), after);
    assert.equal(await exchange(two, address), 'hello');

    await writeFile(made.files('n1').certFile, 'half of it');
    await one.certificates.check();
    const isTold = (): boolean => log.lines.some((l) => l.event === 'certificates not reloaded');
    assert.equal(isTold(), false, 'it may be in the middle of being replaced');
    await one.certificates.check();
    assert.equal(isTold(), true);
    assert.equal(await shown(), after);
  });

  it('may change their authority in steps without a link that fails', async (context) => {
    const made = await MadeCertificates.make(context);
    const one = await open(context, { ...(await made.leaf('n1')), logger: silentLogger });
    const two = await open(context, { ...(await made.leaf('n2')), logger: silentLogger });
    const address = await echo(context, one);
    const next = await makeAuthority('next', 100);
    const work = async (network: TlsNetwork): Promise<void> => {
      await network.certificates.check();
      assert.equal(await exchange(two, address), 'hello');
    };
    made.directory.writeBundle(next.cert + made.authority.cert);
    for (const network of [one, two]) await work(network);
    for (const [name, network] of [['n1', one] as const, ['n2', two] as const]) {
      const request = { commonName: name, hosts: ['127.0.0.1'], use: 'node', days: 9 } as const;
      made.directory.write(name, await issueLeaf(next, request));
      await work(network);
    }
    made.directory.writeBundle(next.cert);
    for (const network of [one, two]) await work(network);
  });

  it('are refused at the start with what is wrong and what to do', async (context) => {
    const made = await MadeCertificates.make(context);
    const good = await made.leaf('n1');
    const { keyFile } = await made.leaf('n2');
    const expired = await made.leaf('n3', { days: -1 / 1000 });
    const client = await made.leaf('n4', { use: 'client' });
    const cases = [
      [{ ...good, certFile: '/nowhere.crt' }, /\/nowhere\.crt is not there: check the path/],
      [{ ...good, keyFile }, /n2\.key is not the key of the certificate in .*n1\.crt: give/],
      [{ ...good, keyFile: good.certFile }, /holds no private key: give/],
      [{ ...good, certFile: good.keyFile }, /holds no certificate: give/],
      [{ ...good, trustedCaFile: good.certFile }, /holds no authority: give/],
      [expired, /n3\.crt has expired \(.*\): issue a new/],
      [client, /n4\.crt lacks the extended key usage serverAuth.*: issue it/],
    ] as const;
    for (const [files, message] of cases) {
      await assert.rejects(openTlsNetwork({ ...files, logger: silentLogger }), {
        code: 'NODE_TLS_INVALID',
        message,
      });
    }
    const cipherSuites = ['TLS_RSA_WITH_RC4_128_SHA'];
    await assert.rejects(openTlsNetwork({ ...good, cipherSuites, logger: silentLogger }), {
      code: 'NODE_OPTIONS_INVALID',
      message: /TLS_RSA_WITH_RC4_128_SHA, which has no forward secrecy/,
    });
  });

  it('are warned of before they expire', async (context) => {
    const made = await MadeCertificates.make(context);
    for (const [days, expected] of [
      [20, 20],
      [5, 5],
    ] as const) {
      const log = new KeptLog();
      await open(context, { ...(await made.leaf('n1', { days: days + 0.5 })), logger: log });
      const [line] = log.lines;
      assert.equal(line?.event, 'certificate expires soon');
      assert.equal(line?.fields['days'], expected);
    }
  });
});
