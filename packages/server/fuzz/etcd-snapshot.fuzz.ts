import assert from 'node:assert/strict';
import { concatBytes, Prng } from '@quorate/base';
import { encodeCommand, KvError, KvStateMachine } from '@quorate/kv';
import {
  EtcdStateMachine,
  keyValueCommand,
  memberAttributesCommand,
  ServerError,
} from '@quorate/server/core';

function draw(machine: EtcdStateMachine): Uint8Array {
  const chunks: Uint8Array[] = [];
  const snapshot = machine.snapshot();
  for (let next = snapshot.next(); !next.done; next = snapshot.next()) chunks.push(next.value);
  return concatBytes(chunks);
}

function restore(input: Uint8Array): EtcdStateMachine {
  const machine = new EtcdStateMachine(new KvStateMachine());
  // No CRC: over a snapshot that ends with its own it is the same for all.
  let seed = input.length;
  for (const byte of input) seed = (Math.imul(seed, 31) + byte) >>> 0;
  const prng = new Prng(seed);
  const longest = prng.pick([1, 7, 100, 1 << 20]);
  const sink = machine.restore();
  for (let at = 0; at < input.length; ) {
    const end = Math.min(input.length, at + prng.between(1, longest));
    // As a decompressor hands them out: slice() of a Buffer does not copy.
    const piece = Buffer.from(input.subarray(at, end));
    sink.chunk(piece);
    piece.fill(0xee);
    at = end;
  }
  sink.finish();
  return machine;
}

/** What fails here was accepted before: that is a finding, whatever the error's class. */
function again<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new Error(`${what}: ${String(error)}`, { cause: error });
  }
}

function run(input: Uint8Array) {
  const sent = draw(restore(input));
  const other = again('sent on, it is refused', () => restore(sent));
  assert.deepEqual(draw(other), sent, 'sent on, it is another state');
  return { accepted: true, behaviour: sent[4] === 1 ? 'without members' : 'with members' };
}

/** Members 1 to n, and some keys. */
function generate(prng: Prng): Uint8Array {
  const machine = new EtcdStateMachine(new KvStateMachine());
  const flags = { lease: 0n, prevKv: false, ignoreValue: false, ignoreLease: false };
  const commands = Array.from({ length: prng.below(6) }, (_, at) => {
    const key = Uint8Array.of(97 + prng.below(3));
    const put = { kind: 'put', key, value: new Uint8Array(prng.below(9)), ...flags } as const;
    const clientUrls = ['http://a:1', 'http://b:2'].slice(0, prng.below(3));
    return prng.chance(0.5)
      ? keyValueCommand(encodeCommand(put))
      : memberAttributesCommand({ member: at + 1, name: `n${at}`, clientUrls });
  });
  machine.apply(
    commands.map((command, at) => ({ index: at + 1, term: 1, timestampMicros: at + 1, command })),
  );
  return draw(machine);
}

export const fuzzer = {
  about: "the service's snapshot: members, then the store's",
  maxBytes: 16_384,
  generate,
  run,
  isRefusal: (error: unknown) => error instanceof ServerError || error instanceof KvError,
  allocation: { fixedBytes: 16 << 20, perInputByte: 16_384 },
};
