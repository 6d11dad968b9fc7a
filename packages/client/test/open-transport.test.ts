import assert from 'node:assert/strict';
import { test } from 'node:test';
import tls from 'node:tls';
import { connect, connectLedger } from '@quorate/client';

test('a client of servers in the open reads no certificates of authorities', async (context) => {
  const made = context.mock.method(tls, 'createSecureContext');
  await using open = connect({ endpoints: ['127.0.0.1:1'] });
  await using ledger = connectLedger({ endpoints: ['127.0.0.1:1'] });
  assert.ok(open !== undefined && ledger !== undefined);
  assert.equal(made.mock.callCount(), 0);
  await using secure = connect({ endpoints: ['https://127.0.0.1:1'] });
  assert.ok(secure !== undefined);
  assert.equal(made.mock.callCount(), 1);
});
