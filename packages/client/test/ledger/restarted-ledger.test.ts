import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectLedger } from '@quorate/client';
import { RestartingLedgers } from './restarting-ledgers.ts';

const down = 3500;

test('a lookup waits for servers that all restart, and finds what was there', async (context) => {
  const ledgers = await RestartingLedgers.start(context, 3);
  const { endpoints } = ledgers;
  const client = connectLedger({ endpoints });
  context.after(() => client.close());
  await client.createAccounts([{ id: 1n, ledger: 1, code: 1 }]);
  await client.lookupAccounts([1n]);
  await ledgers.stop();
  const known = client.lookupAccounts([1n]);
  const stranger = connectLedger({ endpoints, timeoutMs: 30_000 });
  context.after(() => stranger.close());
  const patient = stranger.lookupAccounts([1n]);
  const hasty = connectLedger({ endpoints });
  context.after(() => hasty.close());
  await assert.rejects(hasty.lookupAccounts([1n]), { code: 'CLIENT_UNREACHABLE' });
  await new Promise((wake) => setTimeout(wake, down));
  await ledgers.restart();
  for (const accounts of await Promise.all([known, patient])) {
    assert.deepEqual(
      accounts.map(({ id }) => id),
      [1n],
    );
  }
});
