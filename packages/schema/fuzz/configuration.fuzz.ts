import assert from 'node:assert/strict';
import { decodeConfiguration, encodeConfiguration } from '@quorate/schema';
import { anyConfiguration } from '../test/peer-arbitrary.ts';
import { decodeAndBack, isSchemaError } from './round-trip.ts';
import { samplesOf } from './samples.ts';

function run(input: Uint8Array) {
  const codec = { decode: decodeConfiguration, encode: encodeConfiguration };
  const configuration = decodeAndBack(codec, input);
  const { voters, votersOutgoing, learners, learnersNext } = configuration;
  for (const ids of [voters, votersOutgoing, learners, learnersNext]) {
    for (const [at, id] of ids.entries()) assert.ok(id > (ids[at - 1] ?? 0), 'ids do not ascend');
  }
  return { accepted: true, behaviour: votersOutgoing.length > 0 ? 'joint' : 'simple' };
}

export const fuzzer = {
  about: 'the configuration in a log entry',
  maxBytes: 16_384,
  generate: samplesOf(anyConfiguration, encodeConfiguration),
  run,
  isRefusal: isSchemaError,
};
