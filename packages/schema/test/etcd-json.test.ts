import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeMessage,
  encodeMessage,
  etcd,
  messageFromJson,
  messageToJson,
  parseJson,
} from '@quorate/schema';
import fc from 'fast-check';
import type { JsonShape } from '../src/etcd/json-shape.ts';

const rpcOf = (path: string) => {
  const rpc = etcd.rpcs.find((one) => one.path === path);
  assert.ok(rpc !== undefined);
  return rpc;
};
const range = rpcOf('/etcdserverpb.KV/Range');

/** Any message of a shape, a few levels deep. */
function anyMessage(shape: JsonShape, depth: number): fc.Arbitrary<object> {
  const fields = shape.map((field) => {
    const isDeep = field.kind === 'message' && depth === 0;
    const one: fc.Arbitrary<unknown> = isDeep
      ? fc.constant(null)
      : field.kind === 'bytes'
        ? fc.uint8Array({ maxLength: 12 })
        : field.kind === 'string'
          ? fc.string({ unit: 'grapheme' })
          : field.kind === 'bool'
            ? fc.boolean()
            : field.kind === 'identity'
              ? fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })
              : field.kind === 'enum'
                ? fc.constantFrom(...Object.values(field.of ?? {}))
                : field.kind === 'message'
                  ? anyMessage((field.of as () => JsonShape)(), depth - 1)
                  : fc.nat();
    if (field.repeated) {
      return [field.property, isDeep ? fc.constant([]) : fc.array(one, { maxLength: 3 })] as const;
    }
    if (!field.optional) return [field.property, one] as const;
    return [field.property, isDeep ? fc.constant(null) : fc.option(one)] as const;
  });
  return fc.record(Object.fromEntries(fields), { noNullPrototype: true });
}

test('every message goes through JSON unchanged', () => {
  for (const { path, request, answer } of etcd.rpcs) {
    for (const { json, codec } of [request, answer]) {
      fc.assert(
        fc.property(anyMessage(json, 2), (message) => {
          const text = JSON.stringify(messageToJson(json, message));
          const read = messageFromJson(json, parseJson(text));
          assert.deepEqual(read, message, path);
          // And it is a message of the other wire, when no two of a choice are set.
          const bytes = encodeMessage(codec, read);
          assert.ok(decodeMessage(codec, bytes) !== null, path);
        }),
        { numRuns: 15 },
      );
    }
  }
});

test('names come in two forms, integers as numbers and strings, enums by name and number', () => {
  const forms = [
    '{"key":"YQ==","range_end":"Yg==","limit":5,"revision":"7","sort_order":"DESCEND"}',
    '{"key":"YQ==","rangeEnd":"Yg==","limit":"5","revision":7,"sortOrder":2,"unknown":{"a":[]}}',
  ];
  const [first, second] = forms.map((text) => messageFromJson(range.request.json, parseJson(text)));
  assert.deepEqual(first, second);
  assert.deepEqual(messageToJson(range.request.json, first as object), {
    key: 'YQ==',
    range_end: 'Yg==',
    limit: '5',
    revision: '7',
    sort_order: 'DESCEND',
  });
});

test('64 bits are kept, as numbers too', () => {
  const grant = rpcOf('/etcdserverpb.Lease/LeaseGrant');
  for (const text of ['{"ID":7587883212297104002}', '{"ID":"7587883212297104002"}']) {
    const read = messageFromJson(grant.request.json, parseJson(text)) as { ID: bigint };
    assert.equal(read.ID, 7587883212297104002n);
  }
});

test('what cannot be read is said', () => {
  const cases: [string, RegExp][] = [
    ['[]', /a message is an object, not a list/],
    ['{"key":5}', /key is base64 text, not "5"/],
    ['{"key":[97,256]}', /key is base64 text, not a list/],
    ['{"key":[-1]}', /not a list/],
    ['{"key":["a"]}', /not a list/],
    ['{"key":[1.0]}', /not a list/],
    ['{"key":"-_"}', /illegal base64 data at input byte 0/],
    ['{"limit":"x"}', /limit is a 64-bit integer, not "x"/],
    ['{"limit":1.5}', /limit is a 64-bit integer, not "1.5"/],
    ['{"limit":1.0}', /not "1.0"/],
    ['{"limit":1e3}', /not "1e3"/],
    ['{"limit":"01"}', /not "01"/],
    ['{"limit":9223372036854775808}', /64-bit integer/],
    ['{"limit":99999999999999999999}', /64-bit integer/],
    ['{"sort_order":"SIDEWAYS"}', /unknown value "SIDEWAYS" for enum sort_order/],
    ['{"serializable":1}', /serializable is a bool/],
  ];
  for (const [text, expected] of cases) {
    const read = messageFromJson(range.request.json, parseJson(text)) as { problem: string };
    assert.match(read.problem, expected, text);
  }
  const txn = rpcOf('/etcdserverpb.KV/Txn');
  let deep = '{}';
  for (let i = 0; i < 60; i++) deep = `{"success":[{"request_txn":${deep}}]}`;
  const read = messageFromJson(txn.request.json, parseJson(deep)) as { problem: string };
  assert.match(read.problem, /nest too deep/);
  const tooDeep = { name: 'SyntaxError', message: 'exceeded max depth' };
  for (const text of ['{"a":'.repeat(200_000), '['.repeat(200_000), '['.repeat(1001)]) {
    assert.throws(() => parseJson(text), tooDeep);
  }
  // Brackets in texts nest nothing, and lists that end do not add up.
  assert.deepEqual(parseJson(`["${'['.repeat(2000)}\\"${'{'.repeat(2000)}"]`), [
    `${'['.repeat(2000)}"${'{'.repeat(2000)}`,
  ]);
  assert.equal((parseJson(`[${'[[]],'.repeat(2000)}0]`) as unknown[]).length, 2001);
});

test('what other readers of this JSON take is taken', () => {
  const read = (text: string) =>
    messageFromJson(range.request.json, parseJson(text)) as etcd.RangeRequest;
  assert.equal(read('{"max_create_revision":9223372036854775807}').maxCreateRevision, 2 ** 53 - 1);
  assert.equal(read('{"min_mod_revision":"-9223372036854775808"}').minModRevision, 1 - 2 ** 53);
  assert.deepEqual(read('{"key":"YW\\n\\rJj"}').key, Uint8Array.of(0x61, 0x62, 0x63));
  assert.deepEqual(read('{"key":[97,null,255]}').key, Uint8Array.of(0x61, 0, 0xff));
  assert.equal(read('{"limit":" 1 "}').limit, 1);
  assert.deepEqual(read('{"key":[]}').key, new Uint8Array(0));
  const create = rpcOf('/etcdserverpb.Watch/Watch');
  const watch = '{"create_request":{"filters":["NODELETE",null]}}';
  const { createRequest } = messageFromJson(
    create.request.json,
    parseJson(watch),
  ) as etcd.WatchRequest;
  assert.deepEqual(createRequest?.filters, [1, 0]);
});
