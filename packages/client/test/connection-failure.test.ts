import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { connect } from '@quorate/client';
import { connectionFailure, type OwnSide } from '../src/transport/connection-failure.ts';

const date = '(2026-11-22T10:00:00.000Z)';

const open = { isSecure: false, certificate: null };
const secure = { isSecure: true, certificate: null };
const shown = { isSecure: true, certificate: 'CN=alice, signed by CN=ours' };

const cases: readonly (readonly [string, OwnSide, RegExp])[] = [
  [
    `C0DE:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required ${date}`,
    secure,
    /^the server asks for a certificate: .*--cert and --key/,
  ],
  [
    `unable to verify the first certificate ${date}`,
    shown,
    /^its certificate .*--cacert.*; unable to verify/,
  ],
  ['self-signed certificate in certificate chain', secure, /^its certificate .*--cacert/],
  [`error:0A00010B:SSL routines::wrong version number ${date}`, secure, /speak TLS: write http:/],
  [`Failed to connect ${date}`, secure, /^the connection was closed; .*--cert and --key.*http:/],
  [`Failed to connect ${date}`, open, /^the connection was closed; .*https:.*--cacert/],
  [`read ECONNRESET ${date}`, open, /^the connection was closed; .*https:/],
  [`connect ECONNREFUSED 127.0.0.1:1 ${date}`, shown, /^connect ECONNREFUSED 127\.0\.0\.1:1$/],
];

test('why there is no connection is said with what to do, and without dates', () => {
  for (const [said, ownSide, expected] of cases) {
    assert.match(connectionFailure(said, ownSide), expected);
  }
});

test('a certificate that is not accepted does not read like one that was not shown', () => {
  for (const [said, expected] of [
    ['error:0A000418:SSL routines::tlsv1 alert unknown ca', /not accept .*\("unknown ca"\): it is/],
    ['error:0A000412:SSL routines::sslv3 alert bad certificate:SSL alert number 42', /bad cert/],
    ['SSL routines:ssl3_read_bytes:sslv3 alert certificate expired', /\("certificate expired"\)/],
    ['SSL routines:ssl3_read_bytes:sslv3 alert unsupported certificate', /"unsupported cert/],
    ['SSL routines:ssl3_read_bytes:sslv3 alert handshake failure', /"handshake failure"/],
    [`Failed to connect ${date}`, /does not accept the certificate shown .*its log says why/],
    [`read ECONNRESET ${date}`, /does not accept the certificate shown .*its log says why/],
  ] as const) {
    const text = connectionFailure(said, shown);
    assert.match(text, expected);
    assert.match(text, /of CN=alice, signed by CN=ours.*--cert and --key/);
    assert.doesNotMatch(text, /asks for a certificate|wants a certificate/);
  }
  const bad = 'SSL routines::sslv3 alert bad certificate';
  assert.match(connectionFailure(bad, secure), /^the server asks for a certificate/);
});

test('who says nothing is one that took too long', async () => {
  const server = createServer((socket) => socket.unref().on('error', () => undefined));
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ endpoints: [`127.0.0.1:${port}`], timeoutMs: 20 });
  try {
    await assert.rejects(client.get('k'), {
      message: /no server could be reached at .*\(it took longer than the time allowed\)/,
    });
  } finally {
    await client.close();
    server.close();
  }
});

test('who closes connections is not merely unreachable', async () => {
  const server = createServer((socket) => socket.destroy());
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ endpoints: [`127.0.0.1:${port}`] });
  try {
    await assert.rejects(client.get('k'), (error: Error) => {
      assert.match(error.message, /no server could be reached at .*the connection was closed/);
      assert.doesNotMatch(error.message, /\d{4}-\d\d-\d\dT/);
      return true;
    });
  } finally {
    await client.close();
    server.close();
  }
});
