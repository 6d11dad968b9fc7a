import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '@quorate/base';
import type { LogOptions } from '../../src/member.ts';
import { formatLogfmt } from '../../src/observe/logfmt.ts';
import { createLogger } from '../../src/observe/logger.ts';

function captured(options: LogOptions) {
  const lines: string[] = [];
  const logger = createLogger(options, { write: (line) => lines.push(line) });
  return { lines, logger };
}

const isoTime = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/;

test('JSON lines have level, time, fields and msg', () => {
  const { lines, logger } = captured({ level: 'info', format: 'json', fields: { node: 3 } });
  logger.info('leader elected 100%', { term: 7, id: 2n ** 63n, quiet: false, none: null });
  assert.equal(lines.length, 1);
  assert.ok(lines[0]?.endsWith('\n'));
  const { time, ...rest } = JSON.parse(lines[0] as string) as Record<string, unknown>;
  assert.match(String(time), isoTime);
  assert.deepEqual(rest, {
    level: 'info',
    node: 3,
    term: 7,
    id: '9223372036854775808',
    quiet: false,
    none: null,
    msg: 'leader elected 100%',
  });
});

test('logfmt lines have the same, in pairs', () => {
  const { lines, logger } = captured({ level: 'debug', format: 'logfmt', fields: { node: 3 } });
  logger.child({ group: 'a b' }).debug('it moved', { bytes: 10n, path: 'x="y"\nz', 'k e=y': '' });
  const line = (lines[0] as string).replace(isoTime, 'TIME');
  assert.equal(
    line,
    'level=debug time=TIME node=3 group="a b" bytes=10 path="x=\\"y\\"\\nz" k_e_y="" ' +
      'msg="it moved"\n',
  );
});

test('a child adds its fields and keeps its parent unchanged', () => {
  const { lines, logger } = captured({ level: 'info', format: 'json' });
  const child = logger.child({ a: 1 }).child({ b: 2n });
  child.warn('one');
  logger.error('two');
  const [one, two] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual([one?.['a'], one?.['b'], one?.['level']], [1, '2', 'warn']);
  assert.deepEqual([two?.['a'], two?.['msg'], two?.['level']], [undefined, 'two', 'error']);
});

test('fields cannot take the place of level, time and msg', () => {
  const { lines, logger } = captured({ level: 'info', format: 'json' });
  logger.info('real', { msg: 'forged', level: 'fatal', time: 0 });
  const line = JSON.parse(lines[0] as string) as Record<string, unknown>;
  assert.equal(line['msg'], 'real');
  assert.equal(line['level'], 'info');
  assert.deepEqual(
    [line['field_msg'], line['field_level'], line['field_time']],
    ['forged', 'fatal', 0],
  );
});

test('levels below the one asked for are not written, and silent writes nothing', () => {
  const { lines, logger } = captured({ level: 'warn', format: 'json' });
  logger.debug('no');
  logger.info('no', { a: 1 });
  logger.warn('yes');
  assert.equal(lines.length, 1);
  assert.equal(createLogger({ level: 'silent', format: 'json' }), silentLogger);
});

test('logfmt keeps a line one line, whatever the value', () => {
  const value = 'a\u2028b\u0085c\u001b[31m\u202ed';
  const line = formatLogfmt({ v: value, plain: 'snow☃man', n: 1.5, nothing: null });
  assert.equal(line, 'v="a\\u2028b\\u0085c\\u001b[31m\\u202ed" plain=snow☃man n=1.5 nothing=null');
});

test('lines go to stderr, and the last one is written although the process exits', () => {
  const program = fileURLToPath(new URL('./last-words.ts', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
  assert.equal(status, 1);
  assert.equal(stdout, '');
  const lines = stderr.trimEnd().split('\n');
  assert.equal(lines.length, 101);
  assert.match(lines.at(-1) as string, /level=error .*msg="node halted"$/);
});
