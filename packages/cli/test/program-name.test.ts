import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { programName } from '../src/program-name.ts';
import { temporaryDirectory } from './run-program.ts';

describe('how the program is called again', () => {
  it('is by the script of npm where there is one, and by npx elsewhere', async (context) => {
    const directory = await temporaryDirectory(context);
    const manifest = join(directory, 'package.json');
    const called = (event: string): string =>
      programName('/x/quorate', { npm_lifecycle_event: event, npm_package_json: manifest });
    assert.equal(called('npx'), 'npx quorate');
    await writeFile(manifest, '{"name":"shop"}');
    assert.equal(called('npx'), 'npx quorate');
    await writeFile(manifest, '{"scripts":{"books":"quorate ledger up"}}');
    assert.equal(called('books'), 'npx quorate');
    await writeFile(manifest, '{"scripts":{"quorate":"node packages/cli/src/bin.ts"}}');
    assert.equal(called('quorate'), 'npm run -s quorate --');
  });

  it('is by its name or its path without npm', () => {
    assert.equal(programName('/usr/bin/quorate', {}), 'quorate');
    assert.equal(programName(join(process.cwd(), 'src/bin.ts'), {}), 'node src/bin.ts');
  });
});
