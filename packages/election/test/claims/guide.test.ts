import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { block, digestOf } from './drawn.ts';
import { moveAway, moveHere } from './move-signer.ts';
import { Signers } from './signers.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const root = `0x${'04'.repeat(32)}`;
const key = new Uint8Array(48).fill(0xb8);
const pubkey = `0x${'b8'.repeat(48)}`;
const metadata = { interchange_format_version: '5', genesis_validators_root: root };

const signature = new Uint8Array([1]);
const never = () => assert.fail('it must not sign');

describe('the guide to claims', () => {
  it('shows code that is compiled and run here', () => {
    const guide = readFileSync(
      new URL('../../../../docs/guides/claims.md', import.meta.url),
      'utf8',
    );
    const code = readFileSync(new URL('move-signer.ts', import.meta.url), 'utf8');
    assert.ok(guide.includes(code.replace('../../src/index.ts', '@quorate/election')));
  });

  it('moves a validator here, and away again', async () => {
    using directory = temporaryDirectory();
    const [from, to] = ['old.json', 'new.json'].map((name) => join(directory.path, name));
    assert.ok(from !== undefined && to !== undefined);
    const signed_blocks = [{ slot: '81951' }, { slot: '81952' }];
    const signed_attestations = [{ source_epoch: '2290', target_epoch: '3007' }];
    const old = { metadata, data: [{ pubkey, signed_blocks, signed_attestations }] };
    writeFileSync(from, JSON.stringify(old));
    await using signers = await Signers.open(3);
    const moved = signers.ids.map((id) => moveHere(signers.of(id).claims, from, root));
    assert.deepEqual(await Promise.all(moved), [2, 2, 2]);
    const { token } = await signers.of(1).campaign();
    const { claims } = signers.of(1);
    const last = { key, position: block(81_952), digest: digestOf(1), token };
    await assert.rejects(claims.sign(last, never), { code: 'CLAIM_REFUSED' });
    // The signer's own watermark has it as well.
    for (const id of signers.ids) {
      const pass = signers.of(id).claims.local.pass(last);
      await assert.rejects(pass, { code: 'CLAIM_REFUSED' });
    }
    const next = { ...last, position: block(81_953) };
    assert.deepEqual(await claims.sign(next, () => signature), signature);
    await moveAway(signers.of(2).claims, to, root);
    const blocks = [{ slot: '81953', signing_root: `0x${'01'.repeat(32)}` }];
    assert.deepEqual(JSON.parse(readFileSync(to, 'utf8')), {
      metadata,
      data: [{ pubkey, signed_blocks: blocks, signed_attestations }],
    });
  });
});
