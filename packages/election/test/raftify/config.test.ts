import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ElectionError } from '../../src/index.ts';
import { initNode, type RaftifyOptions } from '../../src/raftify/index.ts';
import { parseRaftifyConfig } from '../../src/raftify/raftify-config.ts';
import { settingsOf } from '../../src/raftify/raftify-settings.ts';
import { refusal } from '../node/refusal.ts';
import { temporaryDirectory } from '../node/temporary-directory.ts';

const key = '8ba4770b00f703fcc9e7d94f857db0e76fd53178d3d55c3e600a9f0fda9a75ad';
const whole = {
  id: 'My-Unique-Name',
  max_nodes: 3,
  expect: 3,
  encrypt: key,
  performance: 2,
  log_level: 'INFO',
  bind_addr: '192.168.0.25',
  bind_port: 3000,
  peer_list: ['192.168.0.25:3000', '192.168.0.26:3000', '192.168.0.27:3000'],
};

describe('a raftify.json', () => {
  it('is read whole', () => {
    const config = parseRaftifyConfig(JSON.stringify(whole), 'raftify.json');
    assert.deepEqual(config, {
      id: 'My-Unique-Name',
      maxNodes: 3,
      expect: 3,
      key: Uint8Array.from(Buffer.from(key, 'hex')),
      performance: 2,
      logLevel: 'info',
      bind: { host: '192.168.0.25', port: 3000 },
      peers: [25, 26, 27].map((last) => ({ host: `192.168.0.${last}`, port: 3000 })),
    });
  });

  it('may leave out what Raftify lets it leave out, or have it empty', () => {
    const least = { id: 'a', max_nodes: 1, expect: 1 };
    const empty = { encrypt: '', performance: 0, log_level: '', bind_addr: '', bind_port: 0 };
    for (const given of [least, { ...least, ...empty, peer_list: [] }]) {
      assert.deepEqual(parseRaftifyConfig(JSON.stringify(given), 'raftify.json'), {
        id: 'a',
        maxNodes: 1,
        expect: 1,
        key: null,
        performance: 1,
        logLevel: 'warn',
        bind: { host: '0.0.0.0', port: 7946 },
        peers: [],
      });
    }
    const quoted = JSON.stringify({ ...least, bind_port: '7000' });
    assert.equal(parseRaftifyConfig(quoted, 'raftify.json').bind.port, 7000);
  });

  const list = whole.peer_list;
  const bad: readonly (readonly [string, unknown, string, RegExp])[] = [
    ['no JSON', '{"id": "a",', 'raftify.json', /is no JSON/],
    ['a list', [], 'raftify.json', /is no JSON object: give \{ id, max_nodes/],
    ['null', null, 'raftify.json', /is no JSON object/],
    ['an unknown key', { ...whole, peers: [] }, 'peers', /is unknown: use some of id, max_nodes/],
    ['no id', { ...whole, id: undefined }, 'id', /is missing: give each node a name/],
    ['an empty id', { ...whole, id: '' }, 'id', /is missing/],
    ['an id of a number', { ...whole, id: 7 }, 'id', /is a number: give text/],
    ['a long id', { ...whole, id: 'x'.repeat(129) }, 'id', /has 129 characters: give at most 128/],
    ['an id nobody sees', { ...whole, id: 'a\u0000b' }, 'id', /that nobody sees/],
    ['no max_nodes', { ...whole, max_nodes: undefined }, 'max_nodes', /is missing: give a whole/],
    ['max_nodes 0', { ...whole, max_nodes: 0 }, 'max_nodes', /is 0: give a whole number from 1/],
    ['max_nodes of text', { ...whole, max_nodes: '3' }, 'max_nodes', /is '3', a string/],
    ['too many max_nodes', { ...whole, max_nodes: 100 }, 'max_nodes', /from 1 to 99/],
    ['no expect', { ...whole, expect: undefined }, 'expect', /is missing/],
    ['half a node', { ...whole, expect: 2.5 }, 'expect', /is 2\.5: give a whole number/],
    ['more than max_nodes', { ...whole, expect: 4 }, 'expect', /is 4, and max_nodes 3: give/],
    [
      'founders of whom there could be two sets',
      { ...whole, max_nodes: 6 },
      'expect',
      /is 3, and max_nodes 6: two groups could be founded: give at least 4/,
    ],
    ['a key of 15 bytes', { ...whole, encrypt: 'ab'.repeat(15) }, 'encrypt', /has 15 bytes: give/],
    ['a key cut off', { ...whole, encrypt: key.slice(1) }, 'encrypt', /odd number of digits, 63/],
    ['a key that is no hex', { ...whole, encrypt: `x${key.slice(1)}` }, 'encrypt', /no hex digit/],
    ['a key of zeros', { ...whole, encrypt: '00'.repeat(16) }, 'encrypt', /one byte again and/],
    ['a key of bytes', { ...whole, encrypt: [1, 2] }, 'encrypt', /is a list: give text/],
    ['performance below 0', { ...whole, performance: -1 }, 'performance', /is -1: give a whole/],
    ['performance of text', { ...whole, performance: 'x' }, 'performance', /is 'x', a string/],
    ['an unknown level', { ...whole, log_level: 'info' }, 'log_level', /use one of DEBUG, INFO/],
    ['a level of the language', { ...whole, log_level: 'toString' }, 'log_level', /use one of/],
    ['a name to bind to', { ...whole, bind_addr: 'host' }, 'bind_addr', /give an IP address/],
    ['a port too large', { ...whole, bind_port: 65_536 }, 'bind_port', /from 1 to 65535/],
    ['a port in words', { ...whole, bind_port: '0x10' }, 'bind_port', /is '0x10', a string/],
    ['no peers', { ...whole, peer_list: undefined }, 'peer_list', /is missing, and expect is 3/],
    ['an empty list', { ...whole, peer_list: [] }, 'peer_list', /is missing, and expect is 3/],
    ['peers in text', { ...whole, peer_list: 'a:1' }, 'peer_list', /is 'a:1', a string: list/],
    ['a peer of a number', { ...whole, peer_list: [1] }, 'peer_list[0]', /is 1: give 'host:port'/],
    ['no port of a peer', { ...whole, peer_list: ['a'] }, 'peer_list[0]', /is 'a', a string/],
    ['port 0 of a peer', { ...whole, peer_list: ['a:0'] }, 'peer_list[0]', /give 'host:port'/],
    [
      'a peer twice',
      { ...whole, peer_list: [...list.slice(1), '192.168.0.26:3000'] },
      'peer_list[2]',
      /is 192\.168\.0\.26:3000 a second time/,
    ],
    ['too many peers', { ...whole, peer_list: [...list, 'd:1'] }, 'peer_list', /has 4 nodes, and/],
  ];
  for (const [what, given, field, problem] of bad) {
    it(`is refused for ${what}, naming ${field}`, () => {
      const text = typeof given === 'string' ? given : JSON.stringify(given);
      assert.throws(
        () => parseRaftifyConfig(text, '/etc/x/raftify.json'),
        (error) => {
          assert.ok(error instanceof ElectionError);
          assert.equal(error.code, 'ELECTION_OPTIONS_INVALID');
          assert.deepEqual(error.metadata, { field });
          assert.match(error.message, problem);
          assert.match(error.message, /^\/etc\/x\/raftify\.json: /);
          assert.ok(!error.message.includes(key.slice(2, 30)), 'the key is not shown');
          return true;
        },
      );
    });
  }
});

describe('the node of a raftify.json', () => {
  function settings(given: Readonly<Record<string, unknown>>, options: object = {}) {
    using directory = temporaryDirectory();
    const { path } = directory;
    writeFileSync(join(path, 'raftify.json'), JSON.stringify({ ...whole, ...given }));
    return settingsOf({ directory: path, ...options } as RaftifyOptions);
  }

  function refused(given: object, options: object, field: string, problem: RegExp): void {
    assert.throws(
      () => settings({ ...given }, options),
      (error) => {
        assert.ok(error instanceof ElectionError);
        assert.deepEqual(error.metadata, { field });
        assert.match(error.message, problem);
        return true;
      },
    );
  }

  it('multiplies its times by performance', () => {
    const { timing, removeDead, plan } = settings({});
    assert.equal(timing.heartbeatIntervalMs, 200);
    assert.equal(timing.electionTimeoutMs, 1000);
    assert.deepEqual(removeDead, { afterMs: 120_000 });
    assert.deepEqual(plan.all, whole.peer_list);
  });

  it('is one of all, whether peer_list has it or not', () => {
    const listed = settings({});
    const left = settings({ peer_list: whole.peer_list.slice(1) });
    assert.deepEqual(left.plan, listed.plan);
    const founders = settings({ expect: 2 }).plan.founders;
    assert.deepEqual(founders, whole.peer_list.slice(0, 2));
  });

  it('knows its address from peer_list, or is told', () => {
    const anywhere = { bind_addr: undefined, bind_port: 7946, max_nodes: 2, expect: 2 };
    const mine = settings({ ...anywhere, peer_list: ['127.0.0.1:7946', '192.0.2.7:7946'] });
    assert.deepEqual(mine.address, { host: '127.0.0.1', port: 7946 });
    const told = settings(
      { ...anywhere, peer_list: ['192.0.2.8:7946', '192.0.2.7:7946'] },
      { address: '192.0.2.8:7946' },
    );
    assert.deepEqual(told.plan.own, '192.0.2.8:7946');
    const both = ['127.0.0.1:7946', '[::1]:7946'];
    refused({ ...anywhere, peer_list: both }, { address: 'x' }, 'address', /give 'host:port'/);
  });

  it('has to be among as many as max_nodes, and as many as expect', () => {
    const elsewhere = { bind_addr: '192.168.0.30' };
    refused(elsewhere, {}, 'peer_list', /\(192\.168\.0\.30:3000\) are 4 nodes, and max_nodes is 3/);
    const few = { peer_list: whole.peer_list.slice(0, 2), max_nodes: 4, expect: 4 };
    refused(few, {}, 'peer_list', /are 2 nodes, and expect is 4: list all/);
  });

  const tls = { certFile: 'c', keyFile: 'k', trustedCaFile: 't' };
  const bad: readonly (readonly [string, object, object, string, RegExp])[] = [
    ['an unknown option', {}, { dir: 'x' }, 'dir', /is unknown: use one of directory/],
    ['TLS beside encrypt', {}, { tls }, 'tls', /stands beside encrypt of raftify\.json/],
    ['a network beside encrypt', {}, { network: () => 0 }, 'network', /stands beside encrypt/],
    ['a signal that is none', {}, { signal: 7 }, 'signal', /give an AbortSignal/],
    ['an empty dataDir', {}, { dataDir: '' }, 'dataDir', /name a directory/],
  ];
  for (const [what, given, options, field, problem] of bad) {
    it(`is refused for ${what}`, () => refused(given, options, field, problem));
  }

  it('is refused without its file, or without a directory', async () => {
    using directory = temporaryDirectory();
    const { path } = directory;
    await refusal(initNode(path), 'directory', /raftify\.json cannot be read \(ENOENT/);
    await refusal(initNode(''), 'directory', /is '', a string: name the directory/);
    mkdirSync(join(path, 'raftify.json'));
    await refusal(initNode(path), 'directory', /cannot be read \(EISDIR/);
  });
});
