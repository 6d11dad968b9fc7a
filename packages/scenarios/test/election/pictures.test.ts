import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseOptions } from '../../src/command/options.ts';
import { pictureLine, playPicture } from '../../src/election/pictures/play-picture.ts';
import { pictures } from '../../src/election/pictures/registry.ts';
import { canaries } from '../../src/index.ts';

const bin = fileURLToPath(new URL('../../src/bin.ts', import.meta.url));

interface Run {
  readonly status: number;
  readonly stdout: string;
}

function sim(args: readonly string[]): Promise<Run> {
  return new Promise((fulfil) => {
    execFile(process.execPath, [bin, ...args], (error, stdout, stderr) => {
      const status = error === null ? 0 : Number(error.code);
      fulfil({ status, stdout: stdout + stderr });
    });
  });
}

describe('the pictures of an election', () => {
  for (const picture of pictures) {
    it(`${picture.name}: ${picture.shows}`, () => {
      for (const seed of [1, 2]) {
        const result = playPicture(picture, seed);
        const again = `npm run sim -- --scenario election --picture ${picture.name} --seed ${seed}`;
        assert.equal(result.failure, null, again);
        assert.match(pictureLine(result), /; led(?: at once)?: node \d with token 1/);
        for (const { ms } of result.gaps) assert.ok(ms < 3000, `${again}: ${ms} ms`);
      }
    });
  }

  it('play the same seed the same way, event for event', () => {
    const [picture] = pictures;
    assert.ok(picture !== undefined);
    assert.equal(playPicture(picture, 5).hash, playPicture(picture, 5).hash);
    assert.notEqual(playPicture(picture, 5).hash, playPicture(picture, 6).hash);
  });

  it('name canaries that there are, and have names of their own', () => {
    const names = new Set(canaries.map(({ name }) => name));
    for (const { catches } of pictures)
      for (const name of catches) assert.ok(names.has(name), name);
    assert.equal(new Set(pictures.map(({ name }) => name)).size, pictures.length);
    for (const { picture } of canaries) {
      assert.ok(picture === undefined || pictures.some(({ name }) => name === picture));
    }
  });

  it('are played by the command, which ends with a line for machines', async () => {
    const { status, stdout } = await sim([
      '--scenario',
      'election',
      '--picture',
      'leader-killed',
      '--seeds',
      '3',
    ]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^leader-killed: node \d was killed, .* without a leader for \d+ ms$/m);
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    assert.deepEqual(last.failed, []);
    assert.equal(last.pictures[0].gaps.count, 3);
  });

  it('are refused by names that there are not, and in other scenarios', () => {
    const args = (name: string): string[] => ['--scenario', 'election', '--picture', name];
    assert.throws(() => parseOptions(args('x')), /there is no picture x/);
    const elsewhere = ['--picture', 'flip-flop'];
    assert.throws(() => parseOptions(elsewhere), /are of the election scenario/);
  });
});

/** Each canary by the first picture that catches it; by the others, see `--picture --canary`. */
function pairs(): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, catches } of pictures) {
    for (const canary of catches) if (!found.has(canary)) found.set(canary, name);
  }
  return found;
}

describe('each canary of a picture', { concurrency: 2 }, () => {
  for (const [canary, name] of pairs()) {
    it(`${name} catches ${canary}`, async () => {
      const args = ['--scenario', 'election', '--picture', name, '--canary', canary];
      const { status, stdout } = await sim(args);
      assert.equal(status, 1, stdout);
      assert.match(stdout, new RegExp(`canary ${canary} caught by picture ${name}, as `));
    });
  }
});
