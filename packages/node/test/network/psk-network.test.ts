import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as tcpConnect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { inspect } from 'node:util';
import { type Address, type Connection, type Network, silentLogger } from '@quorate/base';
import { networkCases } from '@quorate/transport/conformance';
import { createNetwork } from '../../src/network/network.ts';
import { openPskNetwork } from '../../src/network/psk-network.ts';
import { HeardLog } from './heard-log.ts';
import { loopbackHarness } from './http/rig.ts';

const key = randomBytes(32);
const other = randomBytes(32);

/** A listener that answers with what it hears. */
function echo(context: TestContext, network: Network): Promise<Address> {
  const accept = (connection: Connection) => ({
    data: (chunk: Uint8Array) => void connection.write([new Uint8Array(chunk)]),
    drained: () => undefined,
    closed: () => undefined,
  });
  return new Promise((fulfil, reject) => {
    network.listen({ host: '127.0.0.1', port: 0 }, accept, (error, listener) => {
      if (listener === null) {
        reject(error);
        return;
      }
      context.after(() => listener.close());
      fulfil(listener.address);
    });
  });
}

/** Says something; the answer, or why the connection ended. */
function exchange(network: Network, address: Address): Promise<string> {
  return new Promise((fulfil, reject) => {
    let answer: string | null = null;
    let open: Connection | null = null;
    const handlers = {
      data: (chunk: Uint8Array) => {
        answer = Buffer.from(chunk).toString();
        open?.close('done');
      },
      drained: () => undefined,
      closed: (reason: string) => fulfil(answer ?? `closed: ${reason}`),
    };
    network.connect(address, handlers, (error, connection) => {
      if (connection === null) {
        reject(error);
        return;
      }
      open = connection;
      connection.write([Buffer.from('hello')]);
    });
  });
}

describe('the network with a shared key keeps the contract: when', () => {
  for (const { name, run } of networkCases(() =>
    loopbackHarness(openPskNetwork({ key, logger: silentLogger })),
  )) {
    it(name, run);
  }
});

describe('links with a shared key', () => {
  for (const bytes of [16, 24, 32]) {
    it(`carry bytes when both ends have the same one of ${bytes} bytes`, async (context) => {
      const shared = randomBytes(bytes);
      const given = Uint8Array.from(shared);
      const one = openPskNetwork({ key: given, logger: silentLogger });
      // What becomes of the bytes that were given is no matter.
      given.fill(0);
      const address = await echo(context, one);
      const two = openPskNetwork({ key: shared, logger: silentLogger });
      assert.equal(await exchange(two, address), 'hello');
    });
  }

  it('have forward secrecy and authenticated encryption', async (context) => {
    const address = await echo(context, openPskNetwork({ key, logger: silentLogger }));
    const socket = tlsConnect({
      ...address,
      ciphers: 'PSK',
      ALPNProtocols: ['quorate-peer'],
      maxVersion: 'TLSv1.2',
      pskCallback: () => ({ psk: key, identity: 'quorate-peer' }),
      checkServerIdentity: () => undefined,
    });
    await once(socket, 'secureConnect');
    assert.equal(socket.getCipher().standardName, 'TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256');
    socket.on('error', () => undefined).destroy();
  });

  it('are refused with another key, and both ends say so', async (context) => {
    const logs = { ours: new HeardLog(), theirs: new HeardLog() };
    const address = await echo(context, openPskNetwork({ key, logger: logs.ours }));
    const theirs = openPskNetwork({ key: other, logger: logs.theirs });
    const text = `127\\.0\\.0\\.1:${address.port}`;
    for (let knock = 0; knock < 3; knock++) {
      await assert.rejects(exchange(theirs, address), {
        code: 'NODE_CONNECT_FAILED',
        message: new RegExp(`^cannot connect to ${text}: the shared key differs \\(`),
      });
    }
    const dialling = await logs.theirs.refusal(/^the shared key differs/);
    assert.equal(dialling['remote'], `127.0.0.1:${address.port}`);
    const accepting = await logs.ours.refusal(/^the shared key differs/);
    assert.match(String(accepting['remote']), /^127\.0\.0\.1:\d+$/);
    assert.match(String(accepting['advice']), /the same shared key/);
    assert.equal(logs.theirs.lines.length, 1, 'once for all that knocks alike');
    assert.equal(logs.ours.lines.length, 1);
  });

  it('never show the key, in logs, errors or when they are looked at', async (context) => {
    const logger = new HeardLog();
    const network = openPskNetwork({ key, logger });
    const address = await echo(context, network);
    const wrong = openPskNetwork({ key: other, logger });
    const failed = await exchange(wrong, address).catch((error: unknown) => error);
    await logger.refusal(/the shared key differs/);
    const shown = inspect([network, wrong, failed, logger.lines], {
      depth: 20,
      maxArrayLength: null,
      showHidden: true,
    });
    for (const secret of [key, other]) {
      assert.ok(!shown.includes(secret.toString('hex')));
      assert.ok(!shown.replaceAll(/\s/g, '').includes([...secret].join(',')));
      assert.ok(!shown.includes(secret.toString('hex').replaceAll(/(..)(?=.)/g, '$1 ')));
    }
  });

  it('are refused to who speaks in the open, and both ends say what to set', async (context) => {
    const logger = new HeardLog();
    const secure = openPskNetwork({ key, logger });
    const plain = createNetwork(logger);
    const outcome = await exchange(plain, await echo(context, secure));
    assert.match(outcome, /^closed: it speaks TLS, and this node does not.*shared key/);
    const atSecure = await logger.refusal(/^it does not speak TLS$/);
    assert.match(String(atSecure['advice']), /give it the same shared key/);
    await assert.rejects(exchange(secure, await echo(context, plain)), /it does not speak TLS/);
    const atPlain = await logger.refusal(/it speaks TLS, and this node does not/);
    assert.match(String(atPlain['advice']), /shared key/);
  });

  it('are refused to who speaks TLS with certificates, old or new', async (context) => {
    for (const versions of [{ maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' }] as const) {
      const logger = new HeardLog();
      const address = await echo(context, openPskNetwork({ key, logger }));
      const socket = tlsConnect({ ...address, ...versions, rejectUnauthorized: false });
      await once(socket, 'error');
      await logger.refusal(/^it speaks TLS with certificates/);
    }
  });

  it('are refused to who names another key', async (context) => {
    const logger = new HeardLog();
    const address = await echo(context, openPskNetwork({ key, logger }));
    const socket = tlsConnect({
      ...address,
      ciphers: 'PSK',
      ALPNProtocols: ['quorate-peer'],
      maxVersion: 'TLSv1.2',
      pskCallback: () => ({ psk: key, identity: 'somebody' }),
      checkServerIdentity: () => undefined,
    });
    await once(socket, 'error');
    await logger.refusal(/names another key/);
  });

  it('are cut when they bring garbage, or nothing', async (context) => {
    const logger = new HeardLog();
    const patient = await echo(context, openPskNetwork({ key, logger }));
    // A record of a handshake that holds none.
    for (const bytes of [
      randomBytes(600).fill(7, 0, 1),
      Uint8Array.of(0x16, 3, 3, 0, 4, 1, 0, 0, 0),
    ]) {
      const socket = tcpConnect(patient.port, patient.host);
      socket.on('error', () => undefined).resume();
      socket.write(bytes);
      await once(socket, 'close');
    }
    await logger.refusal(/does not speak TLS/);
    const network = openPskNetwork({ key, handshakeTimeoutMs: 50, logger });
    const impatient = await echo(context, network);
    for (const bytes of [[], [0x16, 3, 1, 1, 0]]) {
      const socket = tcpConnect(impatient.port, impatient.host);
      socket.on('error', () => undefined).resume();
      if (bytes.length > 0) socket.write(Uint8Array.from(bytes));
      await once(socket, 'close');
    }
    await logger.refusal(/no TLS handshake within 50 ms/);
    assert.equal(await exchange(openPskNetwork({ key, logger }), patient), 'hello');
  });
});

describe('a shared key', () => {
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    ['of 15 bytes', randomBytes(15), /^option key has 15 bytes: give 16, 24 or 32 bytes/],
    ['of no bytes', new Uint8Array(), /has 0 bytes/],
    ['of text', 'deadbeef'.repeat(8), /is no Uint8Array/],
    ['of zeros', new Uint8Array(32), /is one byte again and again/],
  ];
  for (const [what, given, message] of cases) {
    it(`${what} is refused, and not shown`, () => {
      assert.throws(
        () => openPskNetwork({ key: given as Uint8Array, logger: silentLogger }),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'NODE_OPTIONS_INVALID');
          assert.match(error.message, message);
          assert.ok(!error.message.includes('deadbeef'));
          return true;
        },
      );
    });
  }
});
