import assert from 'node:assert/strict';
import { concatBytes, type Prng, portableChecksum } from '@quorate/base';
import { encodeCommand, type KvCommand, KvStateMachine } from '@quorate/kv';
import { ServerError } from '@quorate/server/core';
import { fnv1a64 } from '../src/core/bolt/bolt-format.ts';
import { BoltReader, type ReadableFile } from '../src/core/bolt/bolt-reader.ts';
import { readDatabase } from '../src/core/database/database-reader.ts';
import { databaseStatus } from '../src/core/database/database-status.ts';
import { writeDatabase } from '../src/core/database/database-writer.ts';

const pageBytes = 4096;
const metaAt = 16;
const sumAt = metaAt + 56;
const noFlags = { prevKv: false, ignoreValue: false, ignoreLease: false };

function write(machine: KvStateMachine): Uint8Array {
  const history = machine.history();
  const pages: Uint8Array[] = [];
  const content = {
    clusterId: '00000000000000ab',
    appliedIndex: 9,
    term: 3,
    compactedRevision: history.compactedRevision,
    records: () => history.records(),
    leases: machine.leases().map((id) => ({ id, ttlSeconds: 40 })),
    auth: { isEnabled: false, revision: 1, users: new Map(), roles: new Map() },
    alarms: [{ member: 7n, type: 1 }],
  };
  const writing = writeDatabase(content, (page) => pages.push(page));
  let next = writing.next();
  while (!next.done) next = writing.next();
  history.release();
  return concatBytes([next.value.head, ...pages]);
}

function generate(prng: Prng): Uint8Array {
  const machine = new KvStateMachine();
  const apply = (command: KvCommand): void => {
    const entry = { index: 1, term: 1, timestampMicros: 0, command: encodeCommand(command) };
    machine.apply([entry]);
  };
  if (prng.chance(0.5)) apply({ kind: 'leaseGrant', id: 5n, ttlSeconds: 40 });
  for (let left = prng.below(12); left > 0; left--) {
    const key = Uint8Array.of(97 + prng.below(3));
    const value = new Uint8Array(prng.pick([0, 3, 700]));
    if (prng.chance(0.2)) apply({ kind: 'deleteRange', key, rangeEnd: key, prevKv: false });
    else apply({ kind: 'put', key, value, lease: prng.chance(0.2) ? 5n : 0n, ...noFlags });
  }
  if (prng.chance(0.2)) apply({ kind: 'compact', revision: machine.stats.revision });
  return write(machine);
}

/** Both copies of the meta data are given the checksum that is right. */
function seal(input: Uint8Array): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  for (const page of [0, pageBytes]) {
    if (page + sumAt + 8 > input.length) break;
    const sum = fnv1a64(input.subarray(page + metaAt, page + sumAt));
    view.setBigUint64(page + sumAt, sum, true);
  }
  return input;
}

function readable(file: Uint8Array): ReadableFile {
  return {
    bytes: file.length,
    read: (offset, length) => {
      assert.ok(offset >= 0 && offset + length <= file.length, 'read beyond the end');
      return file.slice(offset, offset + length);
    },
  };
}

function restored(file: Uint8Array): KvStateMachine {
  const { store } = readDatabase(readable(file), portableChecksum);
  const machine = new KvStateMachine();
  const sink = machine.restore();
  for (let next = store.next(); !next.done; next = store.next()) sink.chunk(next.value);
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

/** Refused, or a store that can be saved and read back. */
function run(input: Uint8Array) {
  const refusals: unknown[] = [];
  const checks = [
    () => databaseStatus(readable(input)),
    () => new BoltReader(readable(input)).checkPages(),
  ];
  for (const check of checks) {
    try {
      check();
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      refusals.push(error);
    }
  }
  const machine = restored(input);
  const copy = again('saved, it is refused', () => restored(write(machine)));
  assert.deepEqual(copy.stats.keys, machine.stats.keys);
  assert.equal(copy.stats.revision, machine.stats.revision);
  const { keys } = machine.stats;
  const behaviour = `${keys === 0 ? 'no keys' : 'keys'}, ${refusals.length} checks refuse it`;
  return { accepted: true, behaviour };
}

export const fuzzer = {
  about: "a snapshot file in etcd's format, as restore and status read it",
  maxBytes: 131_072,
  generate,
  run,
  isRefusal: (error: unknown) => error instanceof ServerError,
  seal,
  words: [Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 2, 95), Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
  allocation: { fixedBytes: 64 << 20, perInputByte: 4096 },
};
