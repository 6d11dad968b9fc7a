import assert from 'node:assert/strict';
import type { Prng } from '@quorate/base';
import { parseConfig } from '../src/configuration/config-file.ts';
import { isSettingKey, settingKeys } from '../src/configuration/settings.ts';
import { cliOutcome } from './cli-outcome.ts';
import { bytesOf, textOf, wordsOf } from './text.ts';

function run(input: Uint8Array) {
  const found = cliOutcome(() => parseConfig('quorate.yaml', textOf(input)));
  if (typeof found === 'string') return { accepted: false, behaviour: found };
  for (const [key, { text, origin }] of found) {
    assert.ok(isSettingKey(key), 'a key that is no setting');
    assert.equal(typeof text, 'string');
    assert.ok(origin.kind === 'file' && origin.line >= 1, 'a line that is none');
  }
  return { accepted: true, behaviour: `${Math.min(2, found.size)} settings` };
}

const values = [
  'n1',
  '007',
  '"quoted"',
  "'single'",
  '[a, b]',
  '\n  - a\n  - b',
  '|\n  text',
  '~',
  '1e3',
];

function generate(prng: Prng): Uint8Array {
  const keys = prng.shuffle(settingKeys).slice(0, prng.below(5));
  const usable = values.filter((value) => value !== '~');
  const lines = keys.map((key) => `${key}: ${prng.pick(usable)}\n`);
  return bytesOf((prng.chance(0.3) ? '# a comment\n' : '') + lines.join(''));
}

export const fuzzer = {
  about: 'the configuration file (YAML)',
  maxBytes: 2048,
  generate,
  run,
  isRefusal: () => false,
  words: wordsOf(
    ...settingKeys,
    ...values,
    ': ',
    '? ',
    '- ',
    '&a ',
    '*a',
    '<<: ',
    '!!binary ',
    '%YAML 1.1\n---\n',
    '---\n',
    '{',
    '[',
    '\t',
    '\u2028',
  ),
  allocation: { fixedBytes: 16 << 20, perInputByte: 16_384 },
};
