import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createElection, type ElectionOptions } from '../../src/index.ts';
import { Elections, silent, timing } from './elections.ts';
import { refusal } from './refusal.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const peers = { 1: '127.0.0.1:7001', 2: '127.0.0.1:7002', 3: '127.0.0.1:7003' };
const sound = { id: 1, peers, dataDir: null, log: silent };

type Given = Readonly<Record<string, unknown>>;

/** Types do not bind a program in plain JavaScript. */
function asked(given: Given): Promise<unknown> {
  return createElection(given as unknown as ElectionOptions);
}

describe('options of an election', () => {
  const list = [
    { id: 1, address: '127.0.0.1:7001' },
    { id: 1, address: '127.0.0.1:7002' },
  ];
  const cases: readonly (readonly [string, Given, string, RegExp])[] = [
    ['an unknown key', { ...sound, peer: {} }, 'peer', /is unknown: use one of id, peers/],
    ['no id', { ...sound, id: undefined }, 'id', /is missing: give a whole number from 1/],
    ['an id of text', { ...sound, id: '1' }, 'id', /is '1', a string: give a whole number/],
    ['no directory', { id: 1, peers }, 'dataDir', /is missing: name a directory/],
    ['an empty directory', { ...sound, dataDir: '' }, 'dataDir', /no|is ''/],
    ['no peers', { ...sound, peers: undefined, listen: '127.0.0.1:1' }, 'peers', /are missing/],
    ['its own address missing', { ...sound, id: 4 }, 'peers', /lacks this node, 4: list all/],
    ['an id twice', { ...sound, peers: list }, 'peers[1].id', /is 1 a second time/],
    [
      'an address twice',
      { ...sound, peers: { 1: 'a:1', 2: 'a:1' } },
      'peers[2]',
      /is a:1, which 1 has: give each/,
    ],
    ['an id with zeros', { ...sound, peers: { '01': 'a:1' } }, 'peers[01]', /is no id/],
    ['no port', { ...sound, peers: { ...peers, 2: 'host' } }, 'peers[2]', /give 'host:port'/],
    ['port 0 of a peer', { ...sound, peers: { ...peers, 2: 'h:0' } }, 'peers[2]', /from 1 to/],
    [
      'an unknown key of a peer',
      { ...sound, peers: [{ id: 1, adress: 'a:1' }] },
      'peers[0].adress',
      /is unknown: use one of id, address/,
    ],
    ['join beside peers', { ...sound, join: ['a:1'] }, 'join', /stands beside peers/],
    ['no address to listen at', { ...sound, peers: undefined }, 'listen', /is missing/],
    ['a name that is none', { ...sound, cluster: '' }, 'cluster', /give 1 to 255 characters/],
    ['a generation too large', { ...sound, generation: 65_536 }, 'generation', /0 to 65535/],
    ['a value of a number', { ...sound, value: 7 }, 'value', /is 7: give text/],
    ['a value too large', { ...sound, value: 'x'.repeat(4097) }, 'value', /more than 4096/],
    [
      'an unknown key of timing',
      { ...sound, timing: { heartbeatMs: 5 } },
      'timing.heartbeatMs',
      /is unknown: use one of heartbeatIntervalMs/,
    ],
    [
      'timing that does not fit',
      { ...sound, timing: { heartbeatIntervalMs: 100 } },
      'timing.electionTimeoutMs',
      /at least 5 heartbeat intervals \(500 ms\)/,
    ],
    [
      'clocks too bad for a lease',
      { ...sound, timing: { maxClockDrift: 0.4 } },
      'timing.electionTimeoutMs',
      /raise it, or lower maxClockDrift/,
    ],
    ['a wait below 0', { ...sound, workEndsWithinMs: -1 }, 'workEndsWithinMs', /from 0 to/],
    ['TLS without a key', { ...sound, tls: { certFile: 'c' } }, 'tls.keyFile', /is missing/],
    [
      'TLS that anyone may speak',
      { ...sound, tls: { certFile: 'c', keyFile: 'k' } },
      'tls.trustedCaFile',
      /is missing/,
    ],
    ['an unknown key of TLS', { ...sound, tls: { cert: 'c' } }, 'tls.cert', /is unknown/],
  ];

  for (const [what, given, field, problem] of cases) {
    it(`are refused for ${what}, naming ${field}`, () => refusal(asked(given), field, problem));
  }

  it('are refused for a directory that is a file, or cannot be made', async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, 'file');
    writeFileSync(file, '');
    await refusal(asked({ ...sound, dataDir: file }), 'dataDir', /is a file: name a directory/);
    const below = join(file, 'below');
    await refusal(asked({ ...sound, dataDir: below }), 'dataDir', /cannot be written to/);
    // Where Node's own way to make parents does not return.
    const process = join('/proc', 'no-such-process', 'node');
    await refusal(asked({ ...sound, dataDir: process }), 'dataDir', /cannot be written to/);
  });

  it('are refused for a directory of another node, or of another election', async () => {
    using directory = temporaryDirectory();
    const dataDir = join(directory.path, 'node');
    mkdirSync(dataDir);
    let own: Readonly<Record<number, string>>;
    {
      await using elections = await Elections.open(1, () => ({ dataDir }));
      own = elections.peers;
    }
    const both = { ...own, 2: '127.0.0.1:7002' };
    const asOther = { id: 2, peers: both, dataDir, log: silent };
    await refusal(asked(asOther), 'dataDir', /holds the votes of node 1, and this is node 2/);
    await refusal(asked({ ...asOther, id: 1 }), 'peers', /not what this directory was founded/);
    const renamed = { id: 1, peers: own, dataDir, cluster: 'another', log: silent };
    await refusal(asked(renamed), 'peers', /not what this directory was founded with/);
  });

  it('of a listener and of a target are checked too', async () => {
    await using elections = await Elections.open(1);
    const election = elections.of(1);
    assert.throws(() => election.on('elect' as string as 'elected', () => undefined), {
      code: 'ELECTION_OPTIONS_INVALID',
      metadata: { field: 'name' },
    });
    const none = undefined as unknown as () => void;
    assert.throws(() => election.on('elected', none), { metadata: { field: 'listener' } });
    await refusal(election.campaign(7 as unknown as string), 'value', /is 7: give text/);
    await assert.rejects(election.campaign('x'.repeat(4097)), {
      code: 'ELECTION_VALUE_TOO_LARGE',
    });
  });
});

describe('a node that was here before', () => {
  it('needs neither peers nor join, and its tokens go on', async () => {
    using directory = temporaryDirectory();
    const dataDir = join(directory.path, 'node');
    let listen = '';
    let before = 0n;
    {
      await using elections = await Elections.open(1, () => ({ dataDir }));
      listen = elections.peers[1] ?? '';
      before = (await elections.of(1).campaign()).token;
    }
    const again = { id: 1, dataDir, listen, timing, log: silent };
    {
      await using election = await createElection(again);
      const { token } = await election.campaign();
      assert.ok(token > before);
      before = token;
    }
    await using restored = await createElection({ ...again, generation: 2 });
    assert.equal((await restored.campaign()).token, 2n << 48n);
  });
});
