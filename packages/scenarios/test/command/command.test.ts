import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseOptions } from '../../src/command/options.ts';

const bin = fileURLToPath(new URL('../../src/bin.ts', import.meta.url));

function sim(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 });
}

function lastLine(stdout: string): Record<string, unknown> {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

const plan =
  'seed=5;nodes=3;idleGroups=0;clients=2;keys=2;valueBytes=16;thinkMs=30;diskMs=1;quiesceMs=0;' +
  'clockDrift=0;leases=0;faultyMs=2000;strikes=kill@900~1,partition@1500~2';

describe('npm run sim', () => {
  it('refuses unknown options and values', () => {
    for (const args of [
      ['--sedes', '3'],
      ['--seeds', 'many'],
      ['--nodes', '0'],
      ['--jobs', '1.5'],
      ['--canary', 'x'],
      ['--trace=xml'],
      ['--trace-node', '1'],
      ['--trace', '--trace-node', '4'],
      ['--trace', '--trace-node', '6', '--nodes', '5'],
      ['--trace', '--trace-group', '4'],
      ['--trace', '--trace-node', '4', '--plan', plan],
      ['--trace', '--trace-group', '2', '--plan', plan],
      ['--plan', 'seed=1'],
      ['--plan', plan, '--seed', '1'],
    ]) {
      assert.throws(() => parseOptions(args), /--|sedes/, args.join(' '));
    }
    const { status, stderr } = sim('--nodes', '0');
    assert.equal(status, 2);
    assert.match(stderr, /^npm run sim -- --help lists .*\n--nodes takes .* from 1 to 9, not 0\n$/);
    assert.throws(() => parseOptions(['--trace', '--trace-node', '99']), /from 1 to 3, not 99$/);
    assert.equal(parseOptions(['--nodes', '5', '--trace', '--trace-node', '5']).trace?.node, 5);
  });

  it('says how it is used', () => {
    const { status, stdout } = sim('--help');
    assert.equal(status, 0);
    for (const option of ['--jobs', '--plan', '--shrink', '--trace-from', '--canaries', '--runs']) {
      assert.ok(stdout.includes(option), option);
    }
  });

  it('ends with one machine-readable line, the same by two processes as by one', () => {
    const totals = [
      ['--jobs', '1'],
      ['--jobs', '2'],
    ].map((jobs) => {
      const { status, stdout } = sim('--seed', '1', '--seeds', '2', ...jobs);
      assert.equal(status, 0, stdout);
      const { seeds, failedSeed, events, faults, lostDisks } = lastLine(stdout);
      assert.equal(seeds, 2);
      assert.equal(failedSeed, null);
      return { events, faults, lostDisks };
    });
    assert.deepEqual(totals[0], totals[1]);
  });

  it('plays a plan, and traces what is asked for', () => {
    const { status, stdout } = sim('--plan', plan, '--trace', 'json', '--trace-node', '2');
    assert.equal(status, 0, stdout);
    const events = stdout
      .split('\n')
      .filter((line) => line.startsWith('{"kind"') || line.includes('"kind":'))
      .map((line) => JSON.parse(line));
    assert.ok(events.some(({ kind }) => kind === 'turn'));
    assert.equal(events.filter(({ kind }) => kind === 'strike').length, 2);
    for (const { kind, node } of events) assert.ok(kind === 'strike' || node === 2);
    const late = sim('--plan', plan, '--trace', '--trace-from', '1500', '--trace-group', '1');
    const lines = late.stdout.split('\n').filter((line) => /^ *\d+\.\d{3} /.test(line));
    assert.ok(lines.length > 10);
    for (const line of lines) assert.ok(Number.parseFloat(line) >= 1500);
  });

  it('shrinks a failing run to a plan that fails in the same way', () => {
    const canary = ['--canary', 'acknowledge-before-fsync'];
    const first = sim(...canary, '--shrink', '--shrink-seconds', '2');
    assert.equal(first.status, 1, first.stdout + first.stderr);
    const [, invariant] = /shrinking '([^']+)'/.exec(first.stdout) ?? [];
    const [, shrunk = ''] = /--plan '([^']+)'/.exec(first.stdout) ?? [];
    const second = sim(...canary, '--plan', shrunk);
    assert.equal(second.status, 1, second.stdout + second.stderr);
    assert.ok(second.stdout.includes(`${invariant}: `), second.stdout);
  });
});
