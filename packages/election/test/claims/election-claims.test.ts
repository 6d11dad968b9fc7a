import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openLocalWatermark } from '../../src/claims/index.ts';
import {
  createElection,
  type ElectionClaims,
  type ElectionClaimsOptions,
  type ElectionWithClaims,
} from '../../src/index.ts';
import { refusal } from '../node/refusal.ts';
import { attestation, block, digestOf, keyOf } from './drawn.ts';
import { log, Signers } from './signers.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const key = keyOf('validator');
const signature = new Uint8Array([1, 2, 3]);
const never = () => assert.fail('it must not sign');

describe('an election with claims', () => {
  it('signs once, on whichever node, on one port and in one directory', async () => {
    await using signers = await Signers.open(3);
    const { token } = await signers.of(1).campaign();
    const claim = { key, position: block(5), digest: digestOf(1), token };
    const sign = ({ claims }: { claims: ElectionClaims }, make = never as () => Uint8Array) =>
      claims.sign(claim, make);
    assert.deepEqual(await sign(signers.of(1), () => signature), signature);
    for (const id of [2, 3]) assert.deepEqual(await sign(signers.of(id)), signature);
    const other = { ...claim, digest: digestOf(2) };
    for (const { claims } of signers.all.values()) {
      await assert.rejects(claims.sign(other, never), { code: 'CLAIM_REFUSED' });
      assert.deepEqual((await claims.known(key))?.watermarks.block?.position, block(5));
    }
  });

  it('keeps the claims through restarts, and will not start without them', async () => {
    await using signers = await Signers.open(3);
    const { token } = await signers.of(1).campaign();
    const claim = { key, position: attestation(3, 4), digest: digestOf(1), token };
    await signers.of(1).claims.sign(claim, () => signature);
    for (const id of [1, 2, 3]) await signers.of(id).close();
    const { claims: _, ...without } = signers.optionsOf(1);
    await refusal(createElection(without), 'claims', /is missing, and dataDir holds claims/);
    await Promise.all([1, 2, 3].map((id) => signers.start(id)));
    const later = { ...claim, token: (await signers.of(2).campaign()).token };
    assert.deepEqual(await signers.of(2).claims.sign(later, never), signature);
    // Whoever led before is over, for this key too.
    const position = attestation(4, 5);
    await assert.rejects(signers.of(1).claims.claim({ ...claim, position }), {
      code: 'CLAIM_REFUSED',
      metadata: {
        reason: 'olderToken',
        position,
        watermark: attestation(3, 4),
        token: later.token,
      },
    });
  });

  it('is led where its claims are', async () => {
    await using signers = await Signers.open(3);
    for (const id of [1, 2, 3]) {
      const election = signers.of(id);
      const { token } = await election.campaign();
      const claim = { key, position: block(id), digest: digestOf(1), token };
      assert.deepEqual(await election.claims.claim(claim), { kind: 'sign' });
      // Nobody waits for it.
      while (!(await leadsClaims(election))) await election.claims.known(key);
      await election.resign();
    }
  });

  it('goes on with fewer nodes when others leave, with its claims', async () => {
    await using signers = await Signers.open(3);
    await signers.of(1).campaign();
    for (const id of [3, 2]) await signers.of(id).leave();
    const { token } = await signers.of(1).campaign();
    const claim = { key, position: block(5), digest: digestOf(1), token };
    assert.deepEqual(await signers.of(1).claims.sign(claim, () => signature), signature);
  });

  it('is opened only with a watermark of its own, outside of its data', async () => {
    using directory = temporaryDirectory();
    const dataDir = join(directory.path, 'data');
    const open = (claims: unknown) =>
      createElection({
        id: 1,
        peers: { 1: '127.0.0.1:0' },
        dataDir,
        claims: claims as ElectionClaimsOptions,
        log,
      });
    for (const [field, problem, claims] of [
      ['claims', /is true: give an object with watermarkDir/, true],
      ['claims.watermarkDir', /is missing: name a directory/, {}],
      ['claims.watermarkDir', /is 5: name a directory/, { watermarkDir: 5 }],
      ['claims.directory', /is unknown: use one of watermarkDir/, { directory: 'x' }],
      ['claims.watermarkDir', /is in dataDir/, { watermarkDir: dataDir }],
      ['claims.watermarkDir', /is in dataDir/, { watermarkDir: join(dataDir, 'signer') }],
    ] as const) {
      await refusal(open(claims), field, problem);
    }
    const watermarkDir = join(directory.path, 'signer');
    const local = await openLocalWatermark({ directory: watermarkDir });
    const inUse = { code: 'CLAIM_WATERMARK_UNAVAILABLE' };
    await assert.rejects(open({ watermarkDir }), inUse);
    await local.close();
    await using election = await open({ watermarkDir });
    await assert.rejects(openLocalWatermark({ directory: watermarkDir }), inUse);
    await election.close();
    await (await openLocalWatermark({ directory: watermarkDir })).close();
  });
});

async function leadsClaims(election: ElectionWithClaims): Promise<boolean> {
  const text = await election.metricsText();
  return /^raft_state{.*group="election-claims".*state="leader".*} 1$/m.test(text);
}
