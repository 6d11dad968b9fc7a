import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { certificateBlocks } from '../../src/certs/certificate-directory.ts';
import {
  initCerts,
  issueCert,
  type RotateFlags,
  rotateCerts,
  showCerts,
} from '../../src/commands/certs.ts';
import type { Output } from '../../src/output.ts';
import { runProgram, temporaryDirectory } from '../run-program.ts';

interface Kept extends Output {
  readonly printed: unknown[];
}

function kept(): Kept {
  const printed: unknown[] = [];
  return { isJson: true, printed, json: (value) => printed.push(value), line: () => undefined };
}

async function made(context: TestContext): Promise<string> {
  const directory = join(await temporaryDirectory(context), 'certs');
  await initCerts({ directory, commonName: 'CA', days: 100, isForced: false }, kept());
  return directory;
}

function issue(directory: string, name: string, use: 'node' | 'client', isForced = false) {
  const flags = { directory, hosts: 'h1.example,10.0.0.1,[::1]', days: 9, isForced };
  return issueCert([name], use, flags, kept());
}

function rotate(directory: string, step: RotateFlags['step'], names: string[] = []) {
  return rotateCerts({ directory, names, days: undefined, step }, kept());
}

function read(directory: string, file: string): string {
  return readFileSync(join(directory, file), 'utf8');
}

function certificate(directory: string, name: string): X509Certificate {
  return new X509Certificate(read(directory, `${name}.crt`));
}

describe('quorate certs', () => {
  it('issues what the authority stands behind, for nodes and clients', async (context) => {
    const directory = await made(context);
    await issue(directory, 'n1', 'node');
    await issue(directory, 'alice', 'client');
    const authority = certificate(directory, 'ca');
    const [node, client] = [certificate(directory, 'n1'), certificate(directory, 'alice')];
    assert.ok(authority.ca && !node.ca && !client.ca);
    for (const leaf of [node, client]) assert.ok(leaf.verify(authority.publicKey));
    assert.equal(node.checkHost('h1.example', { subject: 'never' }), 'h1.example');
    assert.equal(node.checkIP('10.0.0.1'), '10.0.0.1');
    assert.equal(client.subject, 'CN=alice');
    assert.equal(client.subjectAltName, undefined);
    assert.equal((node.keyUsage as string[]).length, 2);
    assert.equal((client.keyUsage as string[]).length, 1);
    for (const name of ['ca', 'n1', 'alice']) {
      assert.equal(statSync(join(directory, `${name}.key`)).mode & 0o777, 0o600);
    }
  });

  it('overwrites nothing unless it is told to', async (context) => {
    const directory = await made(context);
    await issue(directory, 'n1', 'node');
    const before = read(directory, 'n1.crt');
    await assert.rejects(issue(directory, 'n1', 'node'), {
      code: 'CLI_CERTS_REFUSED',
      message: /n1\.crt is there already; give --force/,
    });
    const again = { directory, commonName: 'CA', days: 1, isForced: false };
    await assert.rejects(initCerts(again, kept()), { code: 'CLI_CERTS_REFUSED' });
    assert.equal(read(directory, 'n1.crt'), before);
    await issue(directory, 'n1', 'node', true);
    assert.notEqual(read(directory, 'n1.crt'), before);
  });

  it('refuses names that are paths or the authority, and hosts that are none', async (context) => {
    const directory = await made(context);
    for (const name of ['../n1', 'ca', '', '.hidden', 'a/b']) {
      await assert.rejects(issue(directory, name, 'node'), { code: 'CLI_USAGE' }, name);
    }
    const flags = { directory, hosts: '10.0.0', days: 9, isForced: false };
    await assert.rejects(issueCert(['n1'], 'node', flags, kept()), {
      code: 'CLI_USAGE',
      message: /"10\.0\.0" is no host/,
    });
    const elsewhere = join(directory, 'nothing');
    await assert.rejects(issue(elsewhere, 'n1', 'node'), {
      message: /ca\.crt is not there; make one with quorate certs init/,
    });
  });

  it('replaces leaves by such as have new keys and are otherwise alike', async (context) => {
    const directory = await made(context);
    await issue(directory, 'n1', 'node');
    await issue(directory, 'alice', 'client');
    const before = certificate(directory, 'n1');
    const other = read(directory, 'alice.crt');
    await rotate(directory, 'leaves', ['n1']);
    const after = certificate(directory, 'n1');
    assert.notEqual(after.serialNumber, before.serialNumber);
    assert.equal(after.publicKey.equals(before.publicKey), false);
    assert.deepEqual(
      [after.subject, after.subjectAltName, after.keyUsage],
      [before.subject, before.subjectAltName, before.keyUsage],
    );
    const days = (after.validToDate.getTime() - Date.now()) / 86_400_000;
    assert.ok(days > 8.9 && days < 9.1, String(days));
    assert.equal(read(directory, 'alice.crt'), other);
  });

  it('replaces the authority in steps, and none too early', async (context) => {
    const directory = await made(context);
    await issue(directory, 'n1', 'node');
    await rotate(directory, 'newAuthority');
    const [next, old] = certificateBlocks(read(directory, 'ca.crt')).map((block) => {
      return new X509Certificate(block);
    }) as [X509Certificate, X509Certificate];
    assert.ok(certificate(directory, 'n1').verify(old.publicKey));
    await assert.rejects(rotate(directory, 'newAuthority'), { message: /already has an old/ });
    await assert.rejects(rotate(directory, 'dropOldAuthorities'), {
      message: /n1\.crt is not of the new authority/,
    });
    await rotate(directory, 'leaves');
    assert.ok(certificate(directory, 'n1').verify(next.publicKey));
    await rotate(directory, 'dropOldAuthorities');
    assert.equal(certificateBlocks(read(directory, 'ca.crt')).length, 1);
    assert.equal(certificate(directory, 'ca').serialNumber, next.serialNumber);
  });

  it('shows what there is, also what is broken', async (context) => {
    const directory = await made(context);
    await issue(directory, 'n1', 'node');
    writeFileSync(join(directory, 'n2.crt'), 'nothing of the kind');
    writeFileSync(join(directory, 'n1.key'), 'no key');
    const output = kept();
    assert.equal(showCerts({ directory, files: [] }, output), 0);
    const [authority, node, broken] = output.printed as Record<string, unknown>[];
    assert.deepEqual([authority?.['use'], authority?.['keyFits']], ['authority', true]);
    assert.deepEqual(node?.['hosts'], ['h1.example', '10.0.0.1', '0:0:0:0:0:0:0:1']);
    assert.deepEqual([node?.['daysLeft'], node?.['keyFits']], [8, false]);
    assert.equal(broken?.['error'], 'holds no certificate');
  });

  it('is a command', async (context) => {
    const directory = await temporaryDirectory(context);
    const { exitCode, stdout, stderr } = await runProgram(['certs', 'init'], { directory });
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(stdout, /^certs\/ca\.crt \(valid until \d{4}-\d\d-\d\d\), key certs\/ca\.key\n$/);
  });
});
