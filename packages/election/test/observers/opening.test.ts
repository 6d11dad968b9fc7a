import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openNode } from '@quorate/node';
import { ElectionError, type ObserverOptions, observeElection } from '../../src/index.ts';
import { Elections, silent } from '../node/elections.ts';
import { freePort } from '../node/free-port.ts';
import { addressesOf, addressOf, observing, seesLead } from './observing.ts';

async function refusedOf(options: unknown): Promise<ElectionError> {
  try {
    await using _ = await observeElection(options as ObserverOptions);
  } catch (error) {
    assert.ok(error instanceof ElectionError, String(error));
    return error;
  }
  throw new Error('it was opened');
}

async function fieldOf(options: unknown): Promise<string> {
  const error = await refusedOf(options);
  assert.equal(error.code, 'ELECTION_OPTIONS_INVALID');
  return (error as ElectionError<'ELECTION_OPTIONS_INVALID'>).metadata.field;
}

const nowhere = async (): Promise<string> => `127.0.0.1:${await freePort()}`;

describe('opening an observer', () => {
  it('names each option that does not fit, and says what to give', async () => {
    const from = ['127.0.0.1:7001'];
    const cases: readonly [unknown, string, RegExp][] = [
      [undefined, 'options', /give an object/],
      [{}, 'from', /missing: list members/],
      [{ from: 'a:1' }, 'from', /list members/],
      [{ from: [] }, 'from', /is empty/],
      [{ from: ['a:1', 'b'] }, 'from[1]', /give 'host:port'/],
      [{ from: ['a:0'] }, 'from[0]', /a port from 1/],
      [{ from: Array.from({ length: 100 }, () => 'a:1') }, 'from', /at most 99/],
      [{ from, peers: {} }, 'peers', /unknown: use one of from, listen/],
      [{ from, listen: 'x' }, 'listen', /give 'host:port'/],
      [{ from, advertise: 'x:1' }, 'advertise', /give listen too/],
      [{ from, listen: '0.0.0.0:0', advertise: 'x:0' }, 'advertise', /a port from 1/],
      [{ from, cluster: '' }, 'cluster', /1 to 255/],
      [{ from, refreshMs: 99 }, 'refreshMs', /100 to 30000/],
      [{ from, refreshMs: 1000, maxStaleMs: 2000 }, 'maxStaleMs', /from 3000/],
      [{ from, maxStaleMs: '9' }, 'maxStaleMs', /a string/],
      [{ from, maxObservers: 0 }, 'maxObservers', /from 1 to 1000/],
      [{ from, timeoutMs: 0 }, 'timeoutMs', /whole number/],
      [{ from, network: 1 }, 'network', /function/],
      [{ from, signal: {} }, 'signal', /AbortSignal/],
      [{ from, tls: {} }, 'tls.certFile', /PEM/],
      [{ from, sharedKey: 'abc' }, 'sharedKey', /16, 24 or 32 bytes/],
    ];
    for (const [options, field, message] of cases) {
      const error = await refusedOf(options);
      assert.equal(await fieldOf(options), field);
      assert.match(error.message, message);
    }
  });

  it('is refused where the election is another, or none', async () => {
    await using elections = await Elections.open(1, () => ({ cluster: 'jobs' }));
    const from = addressesOf(elections);
    await using right = await observing({ from, cluster: 'jobs', listen: '127.0.0.1:0' });
    assert.equal(right.leader(), null);
    for (const source of [...from, addressOf(right)]) {
      const error = await refusedOf({ from: [source], cluster: 'writers', log: silent });
      assert.match(error.message, /cluster is 'writers', and that of .* is 'jobs'/);
    }
    const listen = await nowhere();
    await using _ = await openNode({
      id: 1,
      dataDir: null,
      listen,
      peers: { 1: listen },
      groups: { pages: () => ({ apply: () => null, toJSON: () => null, fromJSON: () => {} }) },
      log: silent,
    });
    const error = await refusedOf({ from: [listen], log: silent });
    assert.match(error.message, /from\[0\] is .*, a node of no election: name members/);
  });

  it('waits for a source to be there', async () => {
    await using elections = await Elections.open(0);
    const port = await freePort();
    const from = [`127.0.0.1:${port}`];
    const opening = observing({ from, signal: AbortSignal.timeout(60_000) });
    const peers = { 1: from[0] as string };
    const election = await elections.start(1, { peers });
    await election.campaign();
    await using observer = await opening;
    await seesLead(observer, election);
  });

  it('gives up after timeoutMs, or with its signal', async () => {
    const from = [await nowhere(), await nowhere()];
    const error = await refusedOf({ from, timeoutMs: 300, log: silent });
    assert.equal(error.code, 'ELECTION_UNREACHABLE');
    assert.ok(error.message.includes(`none of ${from.join(', ')} told within 300 ms`));
    const controller = new AbortController();
    const opening = observing({ from, signal: controller.signal });
    controller.abort(new Error('enough'));
    await assert.rejects(opening, { message: 'enough' });
    await assert.rejects(observing({ from, signal: controller.signal }), { message: 'enough' });
  });

  it('shows the key that the members have', async () => {
    const sharedKey = '000102030405060708090a0b0c0d0e0f';
    await using elections = await Elections.open(1, () => ({ sharedKey }));
    const from = addressesOf(elections);
    await using observer = await observing({ from, sharedKey, listen: '127.0.0.1:0' });
    await using far = await observing({ from: [addressOf(observer)], sharedKey });
    await elections.of(1).campaign();
    await seesLead(far, elections.of(1));
    for (const other of [{}, { sharedKey: `ff${sharedKey.slice(2)}` }]) {
      const error = await refusedOf({ from, ...other, timeoutMs: 500, log: silent });
      assert.equal(error.code, 'ELECTION_UNREACHABLE');
    }
  });

  it('is refused where it cannot listen', async () => {
    await using elections = await Elections.open(1);
    const from = addressesOf(elections);
    await assert.rejects(observing({ from, listen: from[0] as string }), {
      code: 'TRANSPORT_ADDRESS_IN_USE',
    });
  });
});
