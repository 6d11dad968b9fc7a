import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Prng } from '@quorate/base';
import { decodeCommand, type KvCommand, KvError, KvStateMachine } from '../src/index.ts';
import { KvOracle } from '../test/kv-oracle.ts';
import { plain } from '../test/requests.ts';
import { sampleCommands, splitCommands } from './samples.ts';

/* An input is a log: commands, each after its length as u16 little-endian. */

/** The oracle compares every write of a command with every other. */
const maxJudgedBytes = 600;

function decoded(bytes: Uint8Array): KvCommand | null {
  try {
    return decodeCommand(bytes);
  } catch (error) {
    if (error instanceof KvError) return null;
    throw error;
  }
}

/** Whatever is in the log, applying it throws nothing and does what the oracle does. */
function run(input: Uint8Array) {
  const machine = new KvStateMachine();
  const oracle = new KvOracle();
  const kinds = new Set<string>();
  let isJudged = true;
  let index = 0;
  for (const bytes of splitCommands(input)) {
    index += 1;
    const entry = { index, term: 1, timestampMicros: index, command: bytes };
    const [result] = machine.apply([entry]);
    assert.ok(result !== undefined, 'a command without a result');
    const picked = result.kind === 'leaseGrant' ? result.id : 0n;
    kinds.add(result.kind === 'refused' ? result.refusal : result.kind);
    const command = decoded(bytes);
    if (command === null) assert.ok(result.kind === 'refused' && result.refusal === 'malformed');
    else if (bytes.length > maxJudgedBytes) isJudged = false;
    else if (isJudged) {
      const same = isDeepStrictEqual(plain(result), plain(oracle.execute(command, picked)));
      assert.ok(same, `${command.kind} does something else than it should`);
    }
  }
  const { keys, revision } = machine.stats;
  assert.ok(Number.isSafeInteger(revision) && keys >= 0);
  if (isJudged) assert.equal(revision, oracle.revision);
  return { accepted: !kinds.has('malformed'), behaviour: [...kinds].sort().slice(0, 3).join(', ') };
}

export const fuzzer = {
  about: 'a log of key-value commands, applied and compared with an oracle',
  maxBytes: 4096,
  generate: (prng: Prng) => sampleCommands(prng, prng.below(9)),
  run,
  isRefusal: () => false,
  allocation: { fixedBytes: 16 << 20, perInputByte: 4096 },
};
