import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { formatAddress } from '@quorate/base';
import { type QuorateServer, startServer } from '@quorate/server';
import { auth, roles, users } from '../src/commands/auth.ts';
import { grantLease, listLeases, revokeLease, showLease } from '../src/commands/lease.ts';
import { alarms, compact, defragment, moveLeader } from '../src/commands/maintenance.ts';
import type { Output } from '../src/output.ts';
import { freePorts, runProgram } from './run-program.ts';

const local = (port: number) => ({ host: '127.0.0.1', port });

describe('the commands for clients', () => {
  let directory = '';
  let server: QuorateServer;
  let endpoints = '';
  let environment: NodeJS.ProcessEnv = {};

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'quorate-cli-'));
    const peer = await freePorts([0]);
    server = await startServer({
      name: 'n1',
      dataDirectory: join(directory, 'n1'),
      members: [{ name: 'n1', peerUrls: [`http://127.0.0.1:${peer}`] }],
      clusterToken: 'test',
      listenPeer: local(peer),
      listenClient: [local(0)],
      advertiseClientUrls: [],
      log: { level: 'silent', format: 'json' },
    });
    const [address = local(0)] = server.clientAddresses;
    endpoints = formatAddress(address);
    environment = { QUORATE_ENDPOINTS: endpoints };
  });

  after(async () => {
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function run(line: string, input = ''): Promise<string> {
    const words = line.split(' ').map((word) => word.replaceAll('_', ' '));
    const { exitCode, stdout, stderr } = await runProgram(words, { environment, input });
    assert.equal(exitCode, 0, `${line}: ${stderr}`);
    return stdout;
  }

  const flags = () => ({ endpoints, timeoutMs: 20_000 });

  /** What a command says in JSON. */
  async function said(command: (output: Output) => Promise<number>) {
    const values: object[] = [];
    const json = (value: object) => void values.push(value);
    assert.equal(await command({ isJson: true, line: assert.fail, json }), 0);
    assert.equal(values.length, 1);
    return values[0] as Readonly<Record<string, unknown>>;
  }

  it('put, get and del say what was there, count, sort and take ranges', async () => {
    await run('put k/1 b');
    assert.equal(await run('put k/1 z --prev-kv'), 'OK\nk/1\nb\n');
    await run('put k/2 a');
    assert.equal(await run('get k/ --prefix --count-only'), '2\n');
    assert.equal(await run('get k/ --prefix --sort-by value --print-value-only'), 'a\nz\n');
    const sorted = 'get k/1 --from-key --range-end k/9';
    const both = await runProgram(sorted.split(' '), { environment });
    assert.equal(both.exitCode, 2);
    assert.equal(await run('del k/1 --range-end k/2 --prev-kv'), '1\nk/1\nz\n');
  });

  it('a transaction is read as etcdctl reads it', async () => {
    const text = 'version("t") = "0"\n\nput t "x y"\nget t\n\ndel t\n';
    assert.equal(await run('txn', text), 'SUCCESS\n\nOK\n\nt\nx y\n');
    const again = JSON.parse(await run('txn --json', text));
    assert.deepEqual([again.succeeded, again.results[0].deleted], [false, 1]);
    const wrong = await runProgram(['txn'], { environment, input: 'version(t) = 0\n' });
    assert.deepEqual([wrong.exitCode, wrong.stdout], [2, '']);
    assert.match(wrong.stderr, /^quorate: line 1 of the transaction: write a condition as/);
  });

  it('leases are granted, shown and ended by their hexadecimal ids', async () => {
    const id = '0000000000000abc';
    const granted = await said((output) => grantLease(600, { ...flags(), id: 0xabcn }, output));
    assert.deepEqual(granted, { id, ttlSeconds: 600 });
    await run('put leased here --lease abc');
    const asked = { ...flags(), isWithKeys: true };
    const shown = await said((output) => showLease(0xabcn, asked, output));
    assert.deepEqual(shown['keys'], [{ base64: 'bGVhc2Vk', utf8: 'leased' }]);
    assert.deepEqual(await said((output) => listLeases(flags(), output)), { ids: [id] });
    await said((output) => revokeLease(0xabcn, flags(), output));
    await assert.rejects(() => said((output) => showLease(0xabcn, asked, output)), /no lease/);
  });

  it('a command is run under a lock, and its exit code is the answer', async () => {
    const script = 'console.log(process.env.ETCD_LOCK_KEY);process.exit(7)';
    const words = ['lock', 'job', '--', process.execPath, '-e', script];
    const { exitCode, stdout } = await runProgram(words, { environment });
    assert.equal(exitCode, 7);
    assert.match(stdout, /^job\/[0-9a-f]+\n$/);
    assert.equal(await run('get job/ --prefix'), '');
  });

  it('history is compacted; alarms and members are asked', async () => {
    const physical = { ...flags(), isPhysical: true };
    assert.deepEqual(await said((output) => compact(2, physical, output)), { revision: 2 });
    const none = await said((output) => alarms('list', flags(), output));
    assert.deepEqual(none, { alarms: [] });
    const disarmed = await said((output) => alarms('disarm', flags(), output));
    assert.deepEqual(disarmed, { disarmed: [] });
    const here = { ...flags(), isCluster: false };
    const { endpoint } = await said((output) => defragment(here, output));
    assert.equal(endpoint, endpoints);
    const { memberId } = server.status();
    const { leader } = await said((output) => moveLeader(memberId, flags(), output));
    assert.equal(BigInt(`0x${leader}`), memberId);
    await assert.rejects(
      () => said((output) => moveLeader(77n, flags(), output)),
      /bad leader transferee/,
    );
  });

  it('users and roles are made, and asked for once that is enabled', async () => {
    const role = (command: Parameters<typeof roles>[0], ...words: string[]) => {
      const range = { isPrefix: true, isFromKey: false, rangeEnd: undefined };
      return said((output) => roles(command, words, { ...flags(), ...range }, output));
    };
    const user = (command: Parameters<typeof users>[0], words: string[], name?: string) => {
      const who = { ...flags(), user: name, hasPassword: false };
      return said((output) => users(command, words, who, output));
    };
    await role('add', 'readers');
    await role('grant', 'readers', 'readwrite', 'k/');
    const { permissions } = await role('get', 'readers');
    const [key, rangeEnd] = ['k/', 'k0'].map((utf8) => ({ base64: btoa(utf8), utf8 }));
    assert.deepEqual(permissions, [{ access: 'readWrite', key, rangeEnd }]);
    await role('revoke', 'readers', 'k/');
    assert.deepEqual(await role('list'), { roles: ['readers'] });
    await run('user add root', 'secret\n');
    await user('grantRole', ['root', 'root']);
    await user('add', ['ann']);
    assert.deepEqual(await user('list', []), { users: ['ann', 'root'] });
    await said((output) => auth('enable', flags(), output));
    await assert.rejects(() => user('list', []), /user name is empty/);
    assert.deepEqual(await user('get', ['root'], 'root:secret'), { roles: ['root'] });
    const root = { ...flags(), user: 'root:secret' };
    await said((output) => auth('disable', root, output));
    const status = await said((output) => auth('status', flags(), output));
    assert.equal(status['isEnabled'], false);
  });

  it('flags of etcd that are not ours are ignored with a warning, or refused', async () => {
    const refused = await runProgram(['serve', '--snapshot-count', '10']);
    assert.equal(refused.exitCode, 2);
    assert.match(refused.stderr, /use --snapshot-log-bytes/);
    const words = ['serve', '--pre-vote', '--auto-compaction-retention', '1x'];
    const ignored = await runProgram(words);
    assert.match(ignored.stderr, /--pre-vote is ignored.*\n.*"1x" says no retention/);
  });
});
