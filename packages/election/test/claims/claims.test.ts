import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Group, openNode } from '@quorate/node';
import { RuntimeError } from '@quorate/runtime';
import {
  type Claim,
  type Claims,
  type ClaimsGroup,
  ClaimsMachine,
  createClaims,
  ElectionError,
  type LocalWatermark,
  openLocalWatermark,
} from '../../src/claims/index.ts';
import { encodeClaimsCommand } from '../../src/core/claims/claims-command.ts';
import { firstTokenOf } from '../../src/core/claims/claims-model.ts';
import type { Position } from '../../src/core/claims/position.ts';
import { attestation, block, digestOf, keyOf, vote } from './drawn.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const key = keyOf('validator');
const signature = new Uint8Array([1, 2, 3]);

function claimed(position: Position, content: number, token = 1n): Claim {
  return { key, position, digest: digestOf(content), token };
}

async function openClaims(): Promise<
  AsyncDisposable & { group: Group<ClaimsMachine>; claims: Claims }
> {
  const node = await openNode({
    id: 1,
    dataDir: null,
    listen: '127.0.0.1:0',
    peers: { 1: '127.0.0.1:0' },
    groups: { claims: () => new ClaimsMachine() },
    checked: true,
    log: { level: 'silent', format: 'json' },
    tuning: { heartbeatIntervalMs: 10, electionTimeoutMs: 100 },
  });
  const group = node.group('claims');
  return { group, claims: createClaims(group), [Symbol.asyncDispose]: () => node.close() };
}

/** Whatever is proposed has an unknown outcome; what was applied before stays. */
function cutOff(group: ClaimsGroup): ClaimsGroup {
  return {
    propose: async () => {
      const message = 'nobody knows';
      throw new RuntimeError('RUNTIME_OUTCOME_UNKNOWN', message, { reason: 'timeout' });
    },
    read: group.read.bind(group),
  };
}

/** Passes everything, and says what. */
function watched(passed: string[]): LocalWatermark {
  return {
    pass: async ({ position }) => void passed.push(`passed ${position.kind}`),
    raiseFloor: async () => undefined,
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

const refused = (reason: string, watermark: Position | null, token: bigint) =>
  having('CLAIM_REFUSED', { reason, watermark, token });

function having(code: string, metadata: object): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof ElectionError, String(error));
    assert.equal(error.code, code);
    assert.partialDeepStrictEqual(error.metadata, metadata);
    return true;
  };
}

describe('claims of a group', () => {
  it('give leave to sign, or the signature, or say what they lost to', async () => {
    await using opened = await openClaims();
    const { claims } = opened;
    const one = claimed(block(5), 1);
    assert.deepEqual(await claims.claim(one), { kind: 'sign' });
    assert.deepEqual(await claims.claim(one), { kind: 'sign' });
    assert.equal(await claims.stored({ ...one, signature }), true);
    const answer = await claims.claim(one);
    assert.deepEqual(answer, { kind: 'signed', signature });
    // It is the caller's, and what he does to it is not done to the state.
    if (answer.kind === 'signed') answer.signature.fill(9);
    assert.deepEqual(await claims.claim(one), { kind: 'signed', signature });
    await assert.rejects(claims.claim(claimed(block(5), 2)), refused('otherDigest', block(5), 1n));
    await assert.rejects(claims.claim(claimed(block(4), 1)), refused('notNewer', block(5), 1n));
    await claims.claim(claimed(block(6), 1, 2n));
    await assert.rejects(claims.claim(claimed(block(7), 1)), refused('olderToken', block(6), 2n));
    assert.equal(await claims.stored({ ...one, signature }), false);
    const known = await claims.known(key);
    assert.deepEqual(known?.watermarks.block?.position, block(6));
    assert.equal(await claims.known(keyOf('other')), null);
  });

  it('may also be asked for through a session, which remembers the answers', async () => {
    await using opened = await openClaims();
    await using session = opened.group.openSession();
    const answers: unknown[] = [];
    for (const content of [1, 2]) {
      const command = encodeClaimsCommand({ kind: 'claim', ...claimed(block(5), content) });
      answers.push((await session.propose(command)).result.kind);
    }
    assert.deepEqual(answers, ['sign', 'refused']);
  });

  it('need a floor in a new restore generation', async () => {
    await using opened = await openClaims();
    const { claims } = opened;
    const token = firstTokenOf(1) + 1n;
    const one = claimed(attestation(5, 6), 1, token);
    await assert.rejects(claims.claim(one), refused('floorNeeded', null, token));
    const floor = { key, position: attestation(4, 5), generation: 1 };
    assert.deepEqual(await claims.raiseFloor(floor), attestation(4, 5));
    assert.deepEqual(await claims.claim(one), { kind: 'sign' });
  });

  it('name the argument that is wrong, before anything is proposed', async () => {
    await using opened = await openClaims();
    const claims = createClaims(cutOff(opened.group));
    const bad = { ...claimed(block(5), 1), token: -1n };
    for (const call of [
      claims.claim(bad),
      claims.sign(bad, () => signature, { local: watched([]) }),
    ]) {
      await assert.rejects(call, having('CLAIM_INVALID', { field: 'token' }));
    }
    const none = { genesisValidatorsRoot: '0x00' };
    await assert.rejects(claims.exportInterchange(none), { code: 'CLAIM_INVALID' });
  });

  it('leave an unknown outcome unknown, and nothing is signed', async () => {
    await using opened = await openClaims();
    const claims = createClaims(cutOff(opened.group));
    const one = claimed(block(5), 1);
    const unknown = { code: 'RUNTIME_OUTCOME_UNKNOWN' };
    await assert.rejects(claims.claim(one), unknown);
    const passed: string[] = [];
    const never = () => assert.fail('it must not sign');
    await assert.rejects(claims.sign(one, never, { local: watched(passed) }), unknown);
    assert.deepEqual(passed, []);
    const aborted = { signal: AbortSignal.abort(new Error('enough')) };
    await assert.rejects(opened.claims.claim(one, aborted), /enough/);
    assert.equal(await opened.claims.known(key), null);
  });
});

describe('signing with a claim', () => {
  it('claims, then passes the own watermark, then signs, then has it stored', async () => {
    await using opened = await openClaims();
    const { claims } = opened;
    const order: string[] = [];
    const local = watched(order);
    const one = claimed(block(5), 1);
    const make = async () => {
      assert.deepEqual((await claims.known(key))?.watermarks.block?.position, block(5));
      order.push('signed');
      return signature;
    };
    assert.deepEqual(await claims.sign(one, make, { local }), signature);
    assert.deepEqual(order, ['passed block', 'signed']);
    // The log is in order, so this claim is answered behind what was stored.
    const again = await claims.sign(one, () => assert.fail('it is signed'), { local });
    assert.deepEqual(again, signature);
    await assert.rejects(
      claims.sign(claimed(block(5), 2), make, { local }),
      refused('otherDigest', block(5), 1n),
    );
    assert.deepEqual(order, ['passed block', 'signed', 'passed block']);
  });

  it('is stopped by the own watermark, although the claims allow it', async () => {
    await using opened = await openClaims();
    using directory = temporaryDirectory();
    await using local = await openLocalWatermark({ directory: directory.path });
    await local.raiseFloor({ key, position: block(8) });
    const never = () => assert.fail('it must not sign');
    await assert.rejects(
      opened.claims.sign(claimed(block(8), 1), never, { local }),
      refused('notNewer', block(8), 0n),
    );
  });

  it('hands the signature out even if it cannot be stored, and says so', async () => {
    await using opened = await openClaims();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const claims = createClaims(opened.group, { onNotStored: resolve });
    const tooLong = new Uint8Array(513);
    const options = { local: watched([]) };
    assert.equal(await claims.sign(claimed(block(5), 1), () => tooLong, options), tooLong);
    having('CLAIM_INVALID', { field: 'signature' })(await promise);
  });

  it('signs what was claimed, whatever is done to the arguments meanwhile', async () => {
    await using opened = await openClaims();
    const order: unknown[] = [];
    const one = claimed(block(5), 1);
    const local: LocalWatermark = {
      ...watched([]),
      pass: async ({ digest }) => void order.push(digest[0]),
    };
    const signed = opened.claims.sign(one, () => signature, { local });
    one.digest.fill(7);
    await signed;
    assert.deepEqual(order, [1]);
  });
});

describe('files of claims', () => {
  it('are imported as floors, and exported as watermarks', async () => {
    await using opened = await openClaims();
    const { claims } = opened;
    const genesisValidatorsRoot = `0x${'04'.repeat(32)}`;
    const pubkeys = Array.from({ length: 100 }, (_, at) => new Uint8Array(48).fill(at));
    const data = pubkeys.map((one, at) => ({
      pubkey: `0x${Buffer.from(one).toString('hex')}`,
      signed_blocks: [{ slot: `${at}` }],
      signed_attestations: [{ source_epoch: '1', target_epoch: `${at + 2}` }],
    }));
    const metadata = {
      interchange_format_version: '5',
      genesis_validators_root: genesisValidatorsRoot,
    };
    const text = JSON.stringify({ metadata, data });
    assert.equal(await claims.importInterchange(text, { genesisValidatorsRoot }), 200);
    assert.equal(await claims.importInterchange(text, { genesisValidatorsRoot }), 200);
    const exported = await claims.exportInterchange({ genesisValidatorsRoot });
    assert.deepEqual(JSON.parse(exported), { metadata, data });
    const other = { genesisValidatorsRoot: `0x${'05'.repeat(32)}` };
    await assert.rejects(claims.importInterchange(text, other), {
      code: 'CLAIM_IMPORT_REFUSED',
      message: /metadata.genesis_validators_root of the slashing-protection .* of another chain/,
    });
  });

  it('of Tendermint’s kind are imported and exported by key', async () => {
    await using opened = await openClaims();
    const { claims } = opened;
    assert.equal(await claims.exportPrivValidatorState(key), null);
    const text = '{"height": "36", "round": 1, "step": 3, "signature": "AQID"}';
    const state = await claims.importPrivValidatorState(key, text, { generation: 2 });
    assert.deepEqual(state.position, vote(36, 1, 3));
    const token = firstTokenOf(2);
    const low = claimed(vote(36, 1, 3), 1, token);
    await assert.rejects(claims.claim(low), refused('notNewer', vote(36, 1, 3), token));
    const next = claimed(vote(37, 0, 1), 1, token);
    await claims.claim(next);
    await claims.stored({ ...next, signature });
    const exported = await claims.exportPrivValidatorState(key);
    assert.deepEqual(JSON.parse(exported ?? ''), {
      height: '37',
      round: 0,
      step: 1,
      signature: 'AQID',
    });
  });
});
