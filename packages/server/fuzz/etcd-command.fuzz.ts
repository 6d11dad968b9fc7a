import assert from 'node:assert/strict';
import type { Prng } from '@quorate/base';
import { encodeCommand, KvStateMachine } from '@quorate/kv';
import { EtcdStateMachine, keyValueCommand, memberAttributesCommand } from '@quorate/server/core';

/** Whatever stands in the log is answered, and what is malformed changes nothing. */
function run(input: Uint8Array) {
  const store = new KvStateMachine();
  const machine = new EtcdStateMachine(store);
  const before = store.hash();
  const results = machine.apply([{ index: 1, term: 1, timestampMicros: 1, command: input }]);
  const [result] = results;
  assert.ok(result !== undefined && results.length === 1, 'one result for each command');
  const isMalformed =
    result.kind === 'malformedCommand' ||
    (result.kind === 'refused' && result.refusal === 'malformed');
  if (isMalformed) assert.equal(store.hash(), before, 'a malformed command changed the state');
  const behaviour = result.kind === 'refused' ? result.refusal : result.kind;
  return { accepted: !isMalformed, behaviour };
}

function generate(prng: Prng): Uint8Array {
  if (prng.chance(0.5)) {
    const clientUrls = ['http://a:1', 'http://b:2'].slice(0, prng.below(3));
    return memberAttributesCommand({ member: prng.between(1, 5), name: 'n1', clientUrls });
  }
  const flags = { lease: 0n, prevKv: false, ignoreValue: false, ignoreLease: false };
  const key = Uint8Array.of(prng.below(256));
  return keyValueCommand(encodeCommand({ kind: 'put', key, value: key, ...flags }));
}

export const fuzzer = {
  about: "a command of the service in a replica's log",
  maxBytes: 4096,
  generate,
  run,
  isRefusal: () => false,
};
