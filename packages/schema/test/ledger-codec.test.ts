import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Codec, decodeMessage, encodeMessage, ledger } from '@quorate/schema';
import fc from 'fast-check';
import protobuf from 'protobufjs';

/** The published file, as a client in any language has it. */
const file = join(import.meta.dirname, '../proto/quorate/ledger/v1/ledger.proto');
const root = new protobuf.Root().loadSync(file, { keepCase: true }).resolveAll();

function typeOf(name: string): protobuf.Type {
  return root.lookupType(`quorate.ledger.v1.${name}`);
}

type Row = Record<string, unknown>;
const codecs = ledger as unknown as Readonly<Record<string, Codec<Row>>>;
const names = ['Account', 'Transfer', 'AccountBalance', 'AccountFilter', 'QueryFilter'];
names.push('CreateTransfersRequest', 'CreateTransfersAnswer', 'LookupRequest', 'StatusAnswer');
names.push('BatchesRequest', 'BatchesAnswer');

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

/** A message of the type, in which every field may be there. */
function messageOf(type: protobuf.Type): fc.Arbitrary<Row> {
  const fields = type.fieldsArray.map((field): [string, fc.Arbitrary<unknown>] => {
    const value = arbitraryOf(field);
    return [field.name, field.repeated ? fc.array(value, { maxLength: 3 }) : value];
  });
  // Of a oneof one field alone.
  const chosen = type.oneofsArray.flatMap((oneof) => oneof.fieldsArray.map(({ name }) => name));
  const free = Object.fromEntries(fields.filter(([name]) => !chosen.includes(name)));
  const base = fc.record(free, { requiredKeys: [] });
  if (chosen.length === 0) return base;
  const one = fields.filter(([name]) => chosen.includes(name));
  const variants = one.map(([name, value]) => fc.record({ [name]: value }));
  return fc.tuple(base, fc.oneof(...variants)).map(([row, variant]) => ({ ...row, ...variant }));
}

function arbitraryOf(field: protobuf.Field): fc.Arbitrary<unknown> {
  const { resolvedType, type, options } = field;
  if (resolvedType instanceof protobuf.Type) return messageOf(resolvedType);
  if (resolvedType instanceof protobuf.Enum) return fc.integer({ min: 0, max: 6 });
  if (type === 'uint32') return uint32;
  if (type === 'bool') return fc.boolean();
  if (type === 'string') return fc.string();
  if (type === 'bytes') return fc.uint8Array({ maxLength: 20 });
  if (options?.['jstype'] === 'JS_NUMBER') return fc.maxSafeNat();
  return uint64;
}

function mapped(value: unknown, leaf: (value: unknown) => unknown, key: (name: string) => string) {
  const of = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(of);
    if (typeof part !== 'object' || part === null || part instanceof Uint8Array) return leaf(part);
    return Object.fromEntries(Object.entries(part).map(([name, one]) => [key(name), of(one)]));
  };
  return of(value) as Row;
}

/** As the other library takes it: 64 bits in decimal digits, names as in the file. */
function foreign(row: Row): Row {
  const leaf = (value: unknown): unknown => (typeof value === 'bigint' ? `${value}` : value);
  return mapped(row, leaf, (name) => name);
}

function native(row: Row): Row {
  const key = (name: string): string =>
    name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return mapped(row, (value) => value, key);
}

for (const name of names) {
  test(`${name} is read and written as by any library that has the .proto file`, () => {
    const type = typeOf(name);
    const codec = codecs[name] ?? assert.fail();
    fc.assert(
      fc.property(messageOf(type), (row) => {
        const ours = encodeMessage(codec, native(row) as never);
        const theirs = type.encode(type.fromObject(foreign(row))).finish();
        assert.deepEqual(new Uint8Array(ours), new Uint8Array(theirs));
        const read = decodeMessage(codec, theirs) ?? assert.fail();
        assert.deepEqual(new Uint8Array(encodeMessage(codec, read as never)), new Uint8Array(ours));
      }),
      { numRuns: 60 },
    );
  });
}

test('the largest numbers of 128 bits survive, and 0 is left out', () => {
  const most = 2n ** 64n - 1n;
  const bytes = encodeMessage(ledger.Account, { id: { low: most, high: most } });
  assert.deepEqual(decodeMessage(ledger.Account, bytes)?.id, { low: most, high: most });
  assert.equal(encodeMessage(ledger.Account, { id: null, ledger: 0 }).length, 0);
});

test('a batch is a view of the message that brought it', () => {
  const batch = new Uint8Array(1000).fill(7);
  const bytes = encodeMessage(ledger.BatchesRequest, { number: 1, transfers: batch });
  const request = decodeMessage(ledger.BatchesRequest, bytes);
  assert.equal(request?.transfers?.buffer, bytes.buffer);
  assert.equal(request?.accounts, null);
});
