import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parsePanOutput } from '../model/pan-output.ts';
import { ROOT } from '../run/run-command.ts';

const HOLDS = `
State-vector 84 byte, depth reached 137, errors: 0
  2816893 states, stored
`;
const VIOLATED = `pan:1: assertion violated atMostOneLease (at depth 12)
State-vector 84 byte, depth reached 12, errors: 1
   339686 states, stored
`;

async function folderOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-test-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Programs of the names that are needed; the verifier they build prints `output`. */
async function standIns(folder: string, output: string): Promise<void> {
  const spin =
    '#!/bin/sh\ncase " $* " in *" -t "*) echo "  1 campaigns"; echo "spin: end";; esac\n';
  const gcc = [
    '#!/bin/sh',
    'while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done',
    '[ -n "$out" ] || exit 0',
    `printf '%s\\n' '#!/bin/sh' 'cat <<END' > "$out"`,
    `cat >> "$out" <<'END_OF_OUTPUT'\n${output}\nEND\nEND_OF_OUTPUT`,
    'chmod +x "$out"',
  ];
  await writeFile(join(folder, 'spin'), spin, { mode: 0o755 });
  await writeFile(join(folder, 'gcc'), gcc.join('\n'), { mode: 0o755 });
}

function model(
  path: string,
  folder: string,
  args: readonly string[],
): Promise<{ exitCode: number; output: string }> {
  const { promise, resolve } = Promise.withResolvers<{ exitCode: number; output: string }>();
  const options = { cwd: ROOT, env: { PATH: path, TMPDIR: folder } };
  execFile(process.execPath, ['tools/model.ts', ...args], options, (error, stdout, stderr) => {
    const exitCode = error === null ? 0 : Number(error.code);
    resolve({ exitCode, output: `${stdout}${stderr}` });
  });
  return promise;
}

test('without spin it says how to get it and exits 3', async (context) => {
  const folder = await folderOf(context);
  const { exitCode, output } = await model(folder, folder, ['--ci']);
  assert.equal(exitCode, 3);
  assert.match(output, /spin and gcc not found; install with: apt-get install .* spin gcc/);
});

test('a mutant that is caught is as it should be, and nothing is left behind', async (context) => {
  const folder = await folderOf(context);
  await standIns(folder, VIOLATED);
  const args = ['--mutant', 'no-fence'];
  const { exitCode, output } = await model(`${folder}:/usr/bin:/bin`, folder, args);
  assert.equal(exitCode, 0, output);
  assert.match(
    output,
    /transfer mutant no-fence: 339686 states, depth 12, .*: caught by atMostOne/,
  );
  assert.match(output, /\n {4}1 campaigns\n/);
  const last = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '');
  assert.equal(last.caught, 1);
  assert.deepEqual((await readdir(folder)).sort(), ['gcc', 'spin']);
});

test('a mutant that is not caught, and a model that does not hold, fail', async (context) => {
  const folder = await folderOf(context);
  const path = `${folder}:/usr/bin:/bin`;
  await standIns(folder, HOLDS);
  const missed = await model(path, folder, ['--mutant', 'transfer/no-fence']);
  assert.equal(missed.exitCode, 1);
  assert.match(missed.output, /nothing is violated, and atMostOneLease should be/);
  await standIns(folder, VIOLATED);
  const broken = await model(path, folder, ['transfer', '--ci', '--jobs', '2']);
  assert.equal(broken.exitCode, 1);
  assert.match(broken.output, /transfer run ci .*: atMostOneLease is violated/);
});

test('what is unknown is refused with what there is', async (context) => {
  const folder = await folderOf(context);
  for (const args of [['no-such'], ['--mutant', 'no-such'], ['--jobs', '0'], ['--no-such']]) {
    const { exitCode, output } = await model(folder, folder, args);
    assert.equal(exitCode, 2, args.join(' '));
    assert.match(output, /usage: npm run model/);
    assert.match(output, /transfer .*no-fence/);
  }
});

test('what the verifier says is read, with how far it went', () => {
  const held = { states: 2816893, depth: 137, violated: null, complete: true };
  assert.deepEqual(parsePanOutput(HOLDS), held);
  const violated = { states: 339686, depth: 12, violated: 'atMostOneLease', complete: true };
  assert.deepEqual(parsePanOutput(VIOLATED), violated);
  const many = HOLDS.replace('2816893', '1.2345e+08');
  assert.equal(parsePanOutput(many).states, 123_450_000);
  for (const cut of ['error: max search depth too small', 'pan: reached -DMEMLIM bound']) {
    assert.equal(parsePanOutput(`${cut}\n${HOLDS}`).complete, false);
  }
  assert.throws(() => parsePanOutput('pan: unknown option'), /did not report its totals/);
  const other = VIOLATED.replace('assertion violated atMostOneLease', 'invalid end state');
  assert.throws(() => parsePanOutput(other), /an error that is no assertion/);
});
