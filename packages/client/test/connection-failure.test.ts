import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { connect } from '@quorate/client';
import { connectionFailure } from '../src/transport/connection-failure.ts';

const date = '(2026-11-22T10:00:00.000Z)';

const cases: readonly (readonly [string, boolean, RegExp])[] = [
  [
    `C0DE:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required ${date}`,
    true,
    /^the server asks for a certificate: .*--cert and --key/,
  ],
  [
    `unable to verify the first certificate ${date}`,
    true,
    /^its certificate .*--cacert.*; unable to verify/,
  ],
  ['self-signed certificate in certificate chain', true, /^its certificate .*--cacert/],
  ['error:0A000418:SSL routines::tlsv1 alert unknown ca', true, /does not trust the authority/],
  [`error:0A00010B:SSL routines::wrong version number ${date}`, true, /speak TLS: write http:/],
  [`Failed to connect ${date}`, true, /^the connection was closed; .*--cert and --key.*http:/],
  [`Failed to connect ${date}`, false, /^the connection was closed; .*https:.*--cacert/],
  [`read ECONNRESET ${date}`, false, /^the connection was closed; .*https:/],
  [`connect ECONNREFUSED 127.0.0.1:1 ${date}`, true, /^connect ECONNREFUSED 127\.0\.0\.1:1$/],
];

test('why there is no connection is said with what to do, and without dates', () => {
  for (const [said, isSecure, expected] of cases) {
    assert.match(connectionFailure(said, isSecure), expected);
  }
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
