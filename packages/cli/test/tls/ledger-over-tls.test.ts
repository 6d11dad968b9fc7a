import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePorts, runProgram, temporaryDirectory } from '../run-program.ts';
import { ServedProcess } from '../served-process.ts';
import { MadeCertificates } from './made-certificates.ts';

const create = ['ledger', 'create-account', '--ledger', '1', '--code', '1'];
const rest = ['--debit', '1', '--credit', '2', '--amount', '5', '--ledger', '1', '--code', '1'];

/** @returns what to start the new node with */
async function replace(name: string, peerUrl: string, flags: readonly string[]): Promise<object> {
  for (const words of [
    ['remove', name],
    ['add', name, '--peer-urls', peerUrl],
  ]) {
    // Until the others have noticed that it is gone.
    for (let left = 20; ; left--) {
      const said = await runProgram(['ledger', 'member', ...words, '--json', ...flags]);
      if (said.exitCode === 0 && words[0] === 'add') return JSON.parse(said.stdout).settings;
      if (said.exitCode === 0) break;
      assert.ok(left > 0, said.stderr);
    }
  }
  return {};
}

describe('a ledger whose nodes and clients need certificates', () => {
  it('serves clients that show one, and says to others what to give', async (context) => {
    const made = await MadeCertificates.make(context);
    const directory = await temporaryDirectory(context);
    const base = await freePorts([0, 1, 2, 3, 4, 5]);
    const clientUrls = [0, 1, 2].map((at) => `https://127.0.0.1:${base + 2 * at}`);
    const peerUrls = [0, 1, 2].map((at) => `https://127.0.0.1:${base + 2 * at + 1}`);
    const founding = peerUrls.map((url, at) => `n${at + 1}=${url}`).join(',');
    const start = async (at: number, more: readonly string[]): Promise<ServedProcess> => {
      const files = await made.leaf(`n${at + 1}`);
      return new ServedProcess(context, directory, [
        ...['ledger', 'serve', ...more, '--log-level', 'warn'],
        ...['--listen-client-urls', clientUrls[at] ?? '', '--cert-file', files.certFile],
        ...['--key-file', files.keyFile, '--trusted-ca-file', files.trustedCaFile],
        ...['--listen-peer-urls', peerUrls[at] ?? '', '--peer-cert-file', files.certFile],
        ...['--peer-key-file', files.keyFile, '--peer-trusted-ca-file', files.trustedCaFile],
      ]);
    };
    const nodes: ServedProcess[] = [];
    for (const at of clientUrls.keys()) {
      nodes.push(await start(at, ['--name', `n${at + 1}`, '--initial-cluster', founding]));
    }
    for (const node of nodes) await node.says(/^ready/);
    const { certFile, keyFile, trustedCaFile } = await made.leaf('teller', { use: 'client' });
    const foreign = await made.leaf('stranger', { use: 'client' }, made.other);
    const endpoints = ['--endpoints', clientUrls.join(',')];
    const ca = [...endpoints, '--cacert', trustedCaFile];
    const own = [...ca, '--cert', certFile, '--key', keyFile];

    for (const id of ['1', '2']) {
      const said = await runProgram([...create, id, ...own]);
      assert.equal(said.exitCode, 0, said.stderr);
    }
    const transfer = ['ledger', 'transfer', '7', ...rest];
    const said = await runProgram([...transfer, ...own]);
    assert.equal(said.exitCode, 0, said.stderr);
    const list = await runProgram(['ledger', 'member', 'list', '--json', ...own]);
    for (const url of peerUrls) assert.ok(list.stdout.includes(url), list.stdout + list.stderr);

    const plain = clientUrls.map((url) => url.replace('https://', '')).join(',');
    const theirs = ['--cert', foreign.certFile, '--key', foreign.keyFile];
    const refused: readonly (readonly [string[], RegExp])[] = [
      [ca, /wants a certificate \(--cert and --key\)|asks for a certificate: .*--cert and --key/],
      [endpoints, /signed by no authority that is trusted here: .*--cacert/],
      [['--endpoints', plain], /write https:\/\/ and give its authority \(--cacert\)/],
      [[...ca, ...theirs], /does not accept the certificate shown to it, .*signed by CN=theirs/],
    ];
    const asking = refused.map(async ([flags, reason]) => {
      const { exitCode, stderr } = await runProgram([...transfer, ...flags, '--timeout-ms', '300']);
      assert.equal(exitCode, 1);
      assert.match(stderr, reason);
    });
    await Promise.all(asking);

    // Whoever joins has to ask the members as one that they let in.
    await nodes[2]?.stop();
    const settings = await replace('n3', peerUrls[2] ?? '', own);
    const given = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)]);
    await (await start(2, [...given, '--data-dir', 'anew'])).says(/^ready/);
    const third = [...own, '--endpoints', clientUrls[2] ?? ''];
    const shown = await runProgram(['ledger', 'lookup', 'transfers', '7', ...third]);
    assert.equal(shown.exitCode, 0, shown.stderr);
  });
});
