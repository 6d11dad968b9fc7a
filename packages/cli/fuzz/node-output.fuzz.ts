import assert from 'node:assert/strict';
import type { Prng } from '@quorate/base';
import { parseChildMessage } from '../src/child-message.ts';
import { describeLogLine } from '../src/supervisor/describe-log-line.ts';
import { bytesOf, textOf, wordsOf } from './text.ts';

/** What a node's process says: a line of its log, and a message to the process that started it. */
function run(input: Uint8Array) {
  const text = textOf(input);
  const shown = describeLogLine(text);
  assert.equal(typeof shown, 'string');
  const message = parseChildMessage(jsonOf(text));
  if (message !== null) {
    if (message.kind === 'failed') assert.ok(message.code.length <= 100, 'a code without bounds');
    return { accepted: true, behaviour: message.kind };
  }
  return { accepted: shown !== text, behaviour: shown === text ? 'left as it is' : 'described' };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function generate(prng: Prng): Uint8Array {
  const id = '0123456789abcdef';
  const said = prng.pick([
    { kind: 'ready', memberId: id },
    { kind: 'leader', leader: prng.chance(0.5) ? id : null, term: prng.below(99) },
    { kind: 'failed', code: 'NODE_LISTEN_FAILED', message: 'cannot listen' },
    { level: 'warn', time: '2026-11-22T01:02:03.456Z', msg: 'peer link down', peer: 2 },
    { level: 'info', time: '2026-11-22T01:02:03.456Z', event: 'x', list: [1, { a: null }] },
  ]);
  const depth = prng.chance(0.05) ? prng.pick([100, 8000]) : 0;
  const deep = `${'['.repeat(depth)}0${']'.repeat(depth)}`;
  return bytesOf(JSON.stringify(said).replace('{', `{"deep":${deep},`));
}

export const fuzzer = {
  about: "a node's log line and its message to the supervisor",
  maxBytes: 24_576,
  generate,
  run,
  isRefusal: () => false,
  words: wordsOf(
    '"msg":',
    '"event":',
    '"time":',
    '"toJSON":',
    '"__proto__":',
    '[',
    '{"a":',
    'null',
  ),
};
