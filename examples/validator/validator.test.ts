import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { runExample } from '../run-example.ts';
import { type Block, Chain, digestOf, type Vote } from './chain.ts';

const program = 'validator/main.ts';
const words = ['--ms-per-slot', '200', '--seed', '7'];

describe('three signers of one key', () => {
  it('sign nothing twice while they are killed, stopped and cut off', async () => {
    const { exitCode, lines, lastLine, complaints } = await runExample(
      program,
      ...words,
      '--slots',
      '30',
    );
    assert.equal(lastLine, 'double signatures 0', `${lines.join('\n')}\n${complaints}`);
    assert.equal(exitCode, 0);
    assert.ok(lines.some((line) => /^slots 30, blocks signed [1-9]/.test(line)));
  });

  it('sign two blocks for a slot on leadership alone, and the chain sees it', async () => {
    const more = [...words, '--slots', '300', '--unsafe'];
    const { exitCode, lines, complaints } = await runExample(program, ...more);
    const said = `${lines.join('\n')}\n${complaints}`;
    assert.ok(
      lines.some((line) => /^WRONG: two blocks at slot \d+, by \d and \d$/.test(line)),
      said,
    );
    assert.equal(exitCode, 1);
  });
});

describe('the chain', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');

  function offencesOf(...contents: readonly (Block | Vote)[]): readonly string[] {
    const chain = new Chain(publicKey);
    for (let slot = 0; slot < 9; slot++) chain.nextSlot();
    for (const content of contents) {
      chain.take({ content, signature: sign(null, digestOf(content), privateKey) });
    }
    assert.equal(chain.invalid, 0);
    return chain.offences;
  }

  const block = (slot: number, nonce: string): Block => {
    return { kind: 'block', slot, proposer: 1, nonce };
  };
  const vote = (source: number, target: number): Vote => ({ kind: 'attestation', source, target });

  it('punishes two blocks, two votes, and votes that surround one another', () => {
    assert.equal(offencesOf(block(5, 'a'), block(5, 'b')).length, 1);
    assert.equal(offencesOf(vote(2, 4), vote(3, 4)).length, 1);
    assert.deepEqual(offencesOf(vote(3, 4), vote(2, 5)), ['(2, 5) surrounds (3, 4)']);
    assert.deepEqual(offencesOf(vote(2, 5), vote(3, 4)), ['(2, 5) surrounds (3, 4)']);
  });

  it('takes the same signature twice, and whatever goes forward', () => {
    const forward = [block(5, 'a'), block(6, 'a'), vote(2, 4), vote(2, 5), vote(5, 6)];
    assert.deepEqual(offencesOf(...forward, ...forward), []);
    assert.deepEqual(offencesOf(vote(5, 6), vote(2, 4), vote(2, 5)), []);
  });

  it('takes no signature of another key or content', () => {
    const chain = new Chain(publicKey);
    const other = generateKeyPairSync('ed25519').privateKey;
    const content = block(1, 'a');
    chain.take({ content, signature: sign(null, digestOf(content), other) });
    chain.take({ content, signature: sign(null, digestOf(block(2, 'a')), privateKey) });
    assert.equal(chain.invalid, 2);
    assert.equal(chain.signedBlocks, 0);
  });
});
