import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { createElection, type ElectionOptions } from '../../src/index.ts';
import { Elections, hears, silent, timing } from './elections.ts';
import { freePort } from './free-port.ts';
import { refusal } from './refusal.ts';

const sharedKey = randomBytes(24).toString('hex');

describe('an election with a shared key', { timeout: 120_000 }, () => {
  it('is one of those that have it, as digits or bytes', async () => {
    const bytes = Uint8Array.from(Buffer.from(sharedKey, 'hex'));
    const keyOf = (id: number) => ({ sharedKey: id === 1 ? bytes : sharedKey.toUpperCase() });
    await using elections = await Elections.open(3, keyOf);
    await elections.of(1).campaign();
    await Promise.all(elections.all.map((election) => hears(election, 1)));
  });

  it('takes in nobody with another key, or none, and tells them why', async () => {
    await using elections = await Elections.open(1, () => ({ sharedKey }));
    const other = randomBytes(24).toString('hex');
    const listen = `127.0.0.1:${await freePort()}`;
    const join = [elections.peers[1] ?? ''];
    const common = { id: 2, dataDir: null, listen, join, timing, log: silent, timeoutMs: 1_000 };
    for (const [given, reason] of [
      [{ sharedKey: other }, /the shared key differs/],
      [{}, /it speaks TLS, and this node does not.*shared key/],
    ] as const) {
      await assert.rejects(createElection({ ...common, ...given }), (error: Error) => {
        assert.match(error.message, reason);
        assert.ok(!error.message.includes(other) && !error.message.includes(sharedKey));
        return true;
      });
    }
    await using joined = await createElection({ ...common, timeoutMs: 30_000, sharedKey });
    assert.equal(joined.id, 2);
  });
});

describe('option sharedKey', () => {
  const peers = { 1: '127.0.0.1:7001' };
  const sound = { id: 1, peers, dataDir: null, log: silent };
  const tls = { certFile: 'c', keyFile: 'k', trustedCaFile: 't' };
  const cases: readonly (readonly [string, object, RegExp])[] = [
    ['of a number', { sharedKey: 7 }, /is 7: give 16, 24 or 32 bytes/],
    ['of 31 bytes', { sharedKey: randomBytes(31) }, /has 31 bytes/],
    ['of half a byte', { sharedKey: sharedKey.slice(1) }, /has an odd number of digits, 47/],
    ['that is no hex', { sharedKey: `zz${sharedKey.slice(2)}` }, /has what is no hex digit/],
    ['of zeros', { sharedKey: '0'.repeat(32) }, /is one byte again and again/],
    ['beside tls', { sharedKey, tls }, /stands beside tls: give one of them/],
    ['beside network', { sharedKey, network: () => null }, /stands beside network/],
  ];
  for (const [what, given, problem] of cases) {
    it(`is refused ${what}, and not shown`, async () => {
      const options = { ...sound, ...given } as unknown as ElectionOptions;
      await refusal(createElection(options), 'sharedKey', problem);
      await assert.rejects(createElection(options), (error: Error) => {
        return !error.message.includes(sharedKey.slice(2));
      });
    });
  }
});
