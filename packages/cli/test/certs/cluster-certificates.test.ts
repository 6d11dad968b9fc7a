import assert from 'node:assert/strict';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ensureCertificates } from '../../src/supervisor/cluster-certificates.ts';
import { temporaryDirectory } from '../run-program.ts';

const dayMs = 24 * 60 * 60 * 1000;

describe('the certificates of a local cluster', () => {
  it('are made once, and again when they are missing or expire soon', async (context) => {
    const directory = await temporaryDirectory(context);
    const nowMs = Date.now();
    const ensure = (afterDays: number): Promise<string[]> =>
      ensureCertificates(directory, ['n1', 'n2'], nowMs + afterDays * dayMs);
    assert.deepEqual(await ensure(0), ['ca', 'n1', 'n2', 'root']);
    assert.deepEqual(await ensure(300), []);
    const { mode } = await stat(join(directory, 'certs/root.key'));
    assert.equal(mode & 0o077, 0);

    await rm(join(directory, 'certs/n2.key'));
    assert.deepEqual(await ensure(0), ['n2']);
    assert.deepEqual(await ensure(340), ['n1', 'n2', 'root']);

    await rm(join(directory, 'certs/ca.key'));
    assert.deepEqual(await ensure(0), ['ca', 'n1', 'n2', 'root']);
  });
});
