import assert from 'node:assert/strict';
import { ByteWriter } from '@quorate/base';
import {
  type DecodedPeerMessage,
  decodePeerMessage,
  encodePeerMessage,
  maxCommandsPerMessage,
  maxEntriesPerMessage,
} from '@quorate/schema';
import fc from 'fast-check';
import { anyGroup, anyPeerMessage } from '../test/peer-arbitrary.ts';
import { decodeAndBack, isSchemaError } from './round-trip.ts';
import { samplesOf } from './samples.ts';

function encode({ group, message }: DecodedPeerMessage): Uint8Array {
  const writer = new ByteWriter();
  encodePeerMessage(writer, group, message);
  return writer.take();
}

/** What decodePeerMessage says that it checks. */
function checkPromises({ message }: DecodedPeerMessage): void {
  const { from, to, term } = message;
  for (const id of [from, to]) assert.ok(Number.isSafeInteger(id) && id >= 1, 'an id is 0');
  assert.ok(Number.isSafeInteger(term) && term >= 0, 'a term is not a safe integer');
  if (message.type === 'Forward') assert.ok(message.commands.length <= maxCommandsPerMessage);
  if (message.type !== 'AppendEntries') return;
  assert.ok(message.entries.length <= maxEntriesPerMessage);
  let { prevLogIndex: lastIndex, prevLogTerm: lastTerm } = message;
  for (const entry of message.entries) {
    assert.equal(entry.index, lastIndex + 1, 'entries have a gap');
    assert.ok(Number.isSafeInteger(entry.index), 'an index is not a safe integer');
    assert.ok(entry.term >= lastTerm && entry.term <= term, 'terms are out of order');
    lastIndex = entry.index;
    lastTerm = entry.term;
  }
}

function run(input: Uint8Array) {
  const decoded = decodeAndBack({ decode: decodePeerMessage, encode }, input);
  checkPromises(decoded);
  const { message } = decoded;
  const hasEntries = message.type === 'AppendEntries' && message.entries.length > 0;
  return { accepted: true, behaviour: message.type + (hasEntries ? ' with entries' : '') };
}

export const fuzzer = {
  about: 'what replicas send each other (Envelope)',
  maxBytes: 8192,
  generate: samplesOf(fc.record({ group: anyGroup, message: anyPeerMessage }), encode),
  run,
  isRefusal: isSchemaError,
};
