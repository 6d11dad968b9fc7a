import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ClientError } from '@quorate/client';
import { withClient } from '../src/commands/endpoints.ts';
import { freePorts, occupyPort, runProgram, temporaryDirectory } from './run-program.ts';

describe('the command line', () => {
  const usages: readonly (readonly [what: string, words: readonly string[], says: RegExp])[] = [
    ['an unknown command', ['sevre'], /^quorate: unknown command 'sevre'; did you mean serve\?\n$/],
    [
      'an unknown flag',
      ['serve', '--naem', 'n1'],
      /^quorate: unknown option '--naem'; did you mean/,
    ],
    [
      'a flag without its value',
      ['serve', '--name'],
      /argument missing; see quorate serve --help\n$/,
    ],
    ['a missing argument', ['put'], /^quorate: missing required argument 'KEY'; see quorate put/],
    [
      'an unknown flag of a command of the ledger',
      ['ledger', 'history', '1', '--frobnicate'],
      /^quorate: unknown option '--frobnicate'; see quorate ledger history --help\n$/,
    ],
    ['an argument too many', ['get', 'a', 'b'], /^quorate: too many arguments for 'get'/],
    [
      'a limit in words',
      ['get', 'a', '--limit', 'all'],
      /'--limit N' .* Give a whole number from 1/,
    ],
    ['ten nodes', ['up', '--nodes', '10'], /'--nodes N' .* Give a whole number from 1 to 9/],
    ['an empty key', ['get', ''], /^quorate: KEY must not be empty/],
    ['two kinds of range', ['get', 'a', '--prefix', '--from-key'], /exclude each other/],
    [
      'neither keys nor values',
      ['get', 'a', '--keys-only', '--print-value-only'],
      /cannot be used/,
    ],
    ['ports that run out', ['up', '--client-port', '65500'], /above 65535; lower --client-port/],
  ];
  for (const [what, words, says] of usages) {
    it(`ends with 2 for ${what}`, async (context) => {
      const directory = await temporaryDirectory(context);
      const { exitCode, stdout, stderr } = await runProgram(words, { directory });
      assert.match(stderr, says);
      assert.equal(stderr.split('\n').length, 2, 'one sentence on one line');
      assert.equal(stdout, '');
      assert.equal(exitCode, 2);
    });
  }

  it('prints its help and ends with 2 when there is no command', async () => {
    const { exitCode, stderr } = await runProgram([]);
    assert.match(stderr, /^Usage: quorate COMMAND/);
    assert.equal(exitCode, 2);
  });

  it('prints help and version on standard output and ends with 0', async () => {
    const help = await runProgram(['serve', '--help']);
    assert.match(help.stdout, /^Usage: quorate serve/);
    assert.deepEqual([help.exitCode, help.stderr], [0, '']);
    const version = await runProgram(['--version']);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
    assert.equal(version.exitCode, 0);
  });

  it('ends with 1 for a bad setting, wherever it comes from', async (context) => {
    const directory = await temporaryDirectory(context);
    await writeFile(join(directory, 'q.yaml'), 'name: n1\nlog-level: loud\n');
    const fromFile = await runProgram(['serve', '--config', 'q.yaml'], { directory });
    assert.match(fromFile.stderr, /^quorate: q\.yaml:2: log-level: "loud" is not a choice/);
    assert.equal(fromFile.exitCode, 1);
    const environment = { QUORATE_LOG_LEVLE: 'info' };
    const fromVariable = await runProgram(['serve'], { directory, environment });
    assert.match(fromVariable.stderr, /did you mean QUORATE_LOG_LEVEL\?\n$/);
    assert.equal(fromVariable.exitCode, 1);
  });

  it('says an error as JSON when asked to', async () => {
    const { exitCode, stderr } = await runProgram(['serve', '--name', '?', '--json']);
    const { error } = JSON.parse(stderr);
    assert.equal(error.code, 'CLI_CONFIG_INVALID');
    assert.match(error.message, /^--name: /);
    assert.equal(exitCode, 1);
  });

  it('refuses a bad endpoint, naming where it comes from', async () => {
    const environment = { QUORATE_ENDPOINTS: 'localhost' };
    const { exitCode, stderr } = await runProgram(['get', 'a'], { environment });
    assert.match(stderr, /^quorate: QUORATE_ENDPOINTS: "http:\/\/localhost" has no port/);
    assert.equal(exitCode, 1);
  });
});

describe('a request', () => {
  it('whose outcome is unknown is told apart from one that failed', async () => {
    const fail = (error: Error): Promise<never> =>
      withClient(['127.0.0.1:1'], { endpoints: undefined, timeoutMs: 1000 }, () =>
        Promise.reject(error),
      );
    const endpoint = '127.0.0.1:1';
    const unknown = new ClientError('CLIENT_OUTCOME_UNKNOWN', 'no answer', {
      endpoint,
      reason: '',
    });
    await assert.rejects(fail(unknown), {
      code: 'CLI_OUTCOME_UNKNOWN',
      message: 'outcome unknown: no answer',
      exitCode: 1,
    });
    const unreachable = new ClientError('CLIENT_UNREACHABLE', 'nobody', { endpoints: [endpoint] });
    await assert.rejects(fail(unreachable), { code: 'CLI_REQUEST_FAILED', message: 'nobody' });
    const defect = new TypeError('a defect');
    await assert.rejects(fail(defect), defect);
  });
});

describe('serve', () => {
  it('names the port that is in use and the flag to change', async (context) => {
    const port = await occupyPort(context);
    const directory = await temporaryDirectory(context);
    const words = ['serve', '--listen-client-urls', `http://127.0.0.1:${port}`];
    const { exitCode, stderr } = await runProgram(words, { directory });
    assert.match(stderr, new RegExp(`^quorate: port ${port} is in use .* --listen-client-urls\n$`));
    assert.equal(exitCode, 1);
  });

  it('does not start a member that should have data and has none', async (context) => {
    const directory = await temporaryDirectory(context);
    await mkdir(join(directory, 'default.quorate'));
    const words = ['serve', '--initial-cluster-state', 'existing'];
    const { exitCode, stderr } = await runProgram(words, { directory });
    assert.match(stderr, /^quorate: --data-dir: default\.quorate has no log, but with .*existing/);
    assert.equal(exitCode, 1);
  });

  it('does not take a file for its data directory', async (context) => {
    const directory = await temporaryDirectory(context);
    await writeFile(join(directory, 'default.quorate'), '');
    const { exitCode, stderr } = await runProgram(['serve'], { directory });
    assert.match(stderr, /^quorate: --data-dir: default\.quorate cannot be used/);
    assert.equal(exitCode, 1);
  });
});

describe('up', () => {
  it('names the port that is in use before it starts anything', async (context) => {
    const port = await occupyPort(context);
    const directory = await temporaryDirectory(context);
    const words = ['up', '--nodes', '1', '--client-port', String(port)];
    const { exitCode, stderr, stdout } = await runProgram(words, { directory });
    assert.match(stderr, new RegExp(`^quorate: port ${port} is in use .* with --client-port\n$`));
    assert.deepEqual([exitCode, stdout], [1, '']);
  });

  it('does not take a file for its directory', async (context) => {
    const directory = await temporaryDirectory(context);
    await writeFile(join(directory, 'f'), '');
    const words = ['up', '--data-dir', join(directory, 'f', 'g')];
    const { exitCode, stderr } = await runProgram(words, { directory });
    assert.match(stderr, /^quorate: .*cluster\.json cannot be read \(ENOTDIR/);
    assert.equal(exitCode, 1);
  });

  it('does not clear a directory that is not its own', async (context) => {
    const directory = await temporaryDirectory(context);
    await writeFile(join(directory, 'thesis.tex'), 'years of work');
    const { exitCode, stderr } = await runProgram(['up', '--fresh', '--data-dir', directory]);
    assert.match(stderr, /is not empty and not of quorate up \(it holds thesis\.tex\)/);
    assert.equal(exitCode, 1);
  });

  it('checks what it passes on to its nodes', async (context) => {
    const directory = await temporaryDirectory(context);
    const port = String(await freePorts([0, 1]));
    const words = ['up', '--nodes', '1', '--client-port', port, '--election-timeout', '10'];
    const { exitCode, stderr } = await runProgram(words, { directory });
    assert.match(stderr, /^quorate: --election-timeout: .* less than 5 heartbeats/);
    assert.equal(exitCode, 1);
  });
});
