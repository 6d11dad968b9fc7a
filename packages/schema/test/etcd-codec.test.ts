import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Codec, decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import fc from 'fast-check';
import { etcdFields } from './etcd-fields.ts';

interface Field {
  readonly name: string;
  readonly number: number;
  readonly type: string;
  readonly repeated: boolean;
}

function parseTable(text: string): Map<string, Field[]> {
  const messages = new Map<string, Field[]>();
  let fields: Field[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (word.endsWith(':')) {
      fields = [];
      messages.set(word.slice(0, -1), fields);
      continue;
    }
    const match = /^(\w+)=(\d+):(\w+)(\*?)$/.exec(word);
    assert.ok(match, word);
    const [, name = '', number = '', type = '', star] = match;
    fields.push({ name, number: Number(number), type, repeated: star === '*' });
  }
  return messages;
}

const messages = parseTable(etcdFields);
type Row = Record<string, unknown>;
const codecs = etcd as unknown as Record<string, Codec<Row>>;
const encodeRow = (codec: Codec<Row>, row: Row): Uint8Array => encodeMessage(codec, row as never);

function varint(value: number): number[] {
  const out: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...out, rest];
    out.push((rest % 128) | 128);
  }
}

const numeric = new Set(['int64', 'uint64', 'uint32', 'enum']);

/** One field on the wire, with the value 5, true, or the one byte or letter 'a'. */
function wire({ number, type, repeated }: Field): number[] {
  if (repeated && type === 'enum') return [...varint((number << 3) | 2), 1, 5];
  if (numeric.has(type)) return [...varint(number << 3), 5];
  if (type === 'bool') return [...varint(number << 3), 1];
  if (type === 'bytes' || type === 'string') return [...varint((number << 3) | 2), 1, 0x61];
  return [...varint((number << 3) | 2), 0];
}

function property(name: string): string {
  return name.replace(/_([a-zA-Z])/g, (_, letter: string) => letter.toUpperCase());
}

function checkValue(where: string, { type }: Field, value: unknown): void {
  if (type === 'int64' || type === 'uint64') assert.equal(Number(value), 5, where);
  else if (numeric.has(type)) assert.equal(value, 5, where);
  else if (type === 'bool') assert.equal(value, true, where);
  else if (type === 'string') assert.equal(value, 'a', where);
  else if (type === 'bytes') assert.deepEqual([...(value as Uint8Array)], [0x61], where);
  else assert.ok(value !== null && typeof value === 'object', where);
}

test('every field of every message has the number and type the API gives it', () => {
  assert.equal(messages.size, 118);
  for (const [name, fields] of messages) {
    const codec = codecs[name];
    assert.ok(codec, name);
    for (const field of fields) {
      const where = `${name}.${field.name}`;
      const bytes = Uint8Array.from(wire(field));
      const message: Row | null = decodeMessage(codec, bytes);
      assert.ok(message, where);
      const value = message[property(field.name)];
      checkValue(where, field, field.repeated ? (value as unknown[])[0] : value);
      assert.deepEqual([...encodeRow(codec, message)], [...bytes], where);
    }
    const unknown = decodeMessage(codec, Uint8Array.from([...varint(1000 << 3), 7]));
    assert.deepEqual(
      Object.keys(unknown ?? {}),
      fields.map((field) => property(field.name)),
      name,
    );
  }
});

test('64-bit identities keep every bit, signed and unsigned', () => {
  for (const id of [0n, 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    const bytes = encodeMessage(etcd.ResponseHeader, { clusterId: id });
    assert.equal(decodeMessage(etcd.ResponseHeader, bytes)?.clusterId, id);
  }
  for (const lease of [-1n, -(2n ** 63n), 2n ** 63n - 1n, 127n, 128n]) {
    const bytes = encodeMessage(etcd.PutRequest, { lease });
    assert.equal(decodeMessage(etcd.PutRequest, bytes)?.lease, lease);
  }
});

test('counters are safe integers, and what is beyond becomes the nearest one', () => {
  for (const revision of [0, 1, 127, 128, -1, -129, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
    const bytes = encodeMessage(etcd.RangeRequest, { revision });
    assert.equal(decodeMessage(etcd.RangeRequest, bytes)?.revision, revision);
  }
  const most = Uint8Array.from([0x20, 255, 255, 255, 255, 255, 255, 255, 255, 127]);
  const decoded = decodeMessage(etcd.RangeRequest, most);
  assert.equal(decoded?.revision, Number.MAX_SAFE_INTEGER);
  const least = Uint8Array.from([0x20, 128, 128, 128, 128, 128, 128, 128, 128, 128, 1]);
  assert.equal(decodeMessage(etcd.RangeRequest, least)?.revision, Number.MIN_SAFE_INTEGER);
});

test('of a oneof the last member on the wire counts', () => {
  const put = wire({ name: '', number: 2, type: 'PutRequest', repeated: false });
  const range = wire({ name: '', number: 1, type: 'RangeRequest', repeated: false });
  const op = decodeMessage(etcd.RequestOp, Uint8Array.from([...put, ...range]));
  assert.equal(op?.requestPut, null);
  assert.ok(op?.requestRange);
  const zero = encodeMessage(etcd.Compare, { version: 0 });
  assert.equal(decodeMessage(etcd.Compare, zero)?.version, 0);
  assert.equal(decodeMessage(etcd.Compare, new Uint8Array(0))?.version, null);
});

test('repeated enums are read packed and unpacked', () => {
  for (const bytes of [
    [0x2a, 2, 0, 1],
    [0x28, 0, 0x28, 1],
  ]) {
    const request = decodeMessage(etcd.WatchCreateRequest, Uint8Array.from(bytes));
    assert.deepEqual(request?.filters, [0, 1]);
  }
});

test('malformed bytes are no message', () => {
  const cases = {
    'a tag cut short': [0x80],
    'a length past the end': [0x0a, 5, 1],
    'a nested message past its parent': [0x12, 4, 0x0a, 6, 0x12, 0],
    'field number 0': [0x00, 0x00],
    'a stray end of group': [0x0c],
    'bytes that are no UTF-8 in a string': [0x12, 1, 0xff],
  };
  for (const [what, bytes] of Object.entries(cases)) {
    const codec = what.includes('string') ? etcd.StatusResponse : etcd.TxnRequest;
    assert.equal(decodeMessage<unknown>(codec, Uint8Array.from(bytes)), null, what);
  }
});

test('messages nested without end are refused, not followed', () => {
  let bytes: Uint8Array = new Uint8Array(0);
  for (let level = 0; level < 120; level++) {
    const inner = [0x12, ...varint(bytes.length), ...bytes];
    const op = [0x22, ...varint(inner.length), ...inner];
    bytes = Uint8Array.from(op);
  }
  assert.equal(decodeMessage(etcd.RequestOp, bytes), null);
});

test('any bytes at all decode or are refused', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...messages.keys()),
      fc.uint8Array({ maxLength: 64 }),
      (name, raw) => {
        const codec = codecs[name] as Codec<Row>;
        const message = decodeMessage(codec, raw);
        if (message === null) return;
        // Bytes of a message are views of what it was read from, of that kind: a Buffer's are one.
        const again = decodeMessage(codec, Uint8Array.from(encodeRow(codec, message)));
        assert.deepEqual(again, message);
      },
    ),
    { numRuns: 2000 },
  );
});
