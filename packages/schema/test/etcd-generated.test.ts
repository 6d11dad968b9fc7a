import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

test('the generated codecs are what the .proto files give', () => {
  const script = join(import.meta.dirname, '..', 'generate.ts');
  const { status, stdout } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  assert.equal(status, 0, `run node packages/schema/generate.ts\n${stdout}`);
});
