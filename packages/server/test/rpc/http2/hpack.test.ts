import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameReader } from '../../../src/rpc/http2/frame-reader.ts';
import { DynamicTable } from '../../../src/rpc/http2/hpack/dynamic-table.ts';
import { headerField } from '../../../src/rpc/http2/hpack/header-field.ts';
import { HpackDecoder } from '../../../src/rpc/http2/hpack/hpack-decoder.ts';
import { decodeHuffman } from '../../../src/rpc/http2/hpack/huffman.ts';
import { ResponseEncoder } from '../../../src/rpc/http2/hpack/response-encoder.ts';
import { FrameType } from '../../../src/rpc/http2/protocol.ts';

function decode(decoder: HpackDecoder, hex: string): string[] | null {
  const fields: string[] = [];
  const sink = {
    field: ({ name, value }: { name: string; value: string }) => fields.push(`${name}: ${value}`),
  };
  return decoder.decode(Buffer.from(hex.replaceAll(' ', ''), 'hex'), sink) ? fields : null;
}

test('the single fields of RFC 7541, C.2', () => {
  const one = (hex: string) => decode(new HpackDecoder(4096), hex);
  const custom = '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572';
  assert.deepEqual(one(custom), ['custom-key: custom-header']);
  assert.deepEqual(one('040c 2f73 616d 706c 652f 7061 7468'), [':path: /sample/path']);
  assert.deepEqual(one('1008 7061 7373 776f 7264 0673 6563 7265 74'), ['password: secret']);
  assert.deepEqual(one('82'), [':method: GET']);
});

const requests = [
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
  [
    ':method: GET',
    ':scheme: http',
    ':path: /',
    ':authority: www.example.com',
    'cache-control: no-cache',
  ],
  [
    ':method: GET',
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ],
];

for (const [name, blocks] of [
  [
    'C.3, without Huffman',
    [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
  ],
  [
    'C.4, with Huffman',
    [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
  ],
] as const) {
  test(`the requests of RFC 7541, ${name}`, () => {
    const decoder = new HpackDecoder(4096);
    for (const [at, hex] of blocks.entries()) assert.deepEqual(decode(decoder, hex), requests[at]);
  });
}

const responses = [
  [
    ':status: 302',
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:21 GMT',
    'location: https://www.example.com',
  ],
  [
    ':status: 307',
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:21 GMT',
    'location: https://www.example.com',
  ],
  [
    ':status: 200',
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:22 GMT',
    'location: https://www.example.com',
    'content-encoding: gzip',
    'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
  ],
];

test('the responses of RFC 7541, C.6: a small table that forgets, with Huffman', () => {
  const decoder = new HpackDecoder(256);
  const blocks = [
    '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e ' +
      '919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
    '4883 640e ffc1 c0bf',
    '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 ' +
      '821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed ' +
      '4ee5 b106 3d50 07',
  ];
  for (const [at, hex] of blocks.entries()) assert.deepEqual(decode(decoder, hex), responses[at]);
});

test('what is no header block is refused', () => {
  const cases: Readonly<Record<string, string>> = {
    'index 0': '80',
    'an index behind the tables': 'be',
    'a name behind the tables': '7f00 0161',
    'an integer that does not end': 'ff80 8080',
    'an integer without bound': 'ffff ffff ffff ffff 0f',
    'a string that is cut': '0003 6162',
    'a value that is missing': '0001 61',
    'a larger table than was allowed': '3fe2 1f',
    'a change of size behind a field': '8220',
    'padding of Huffman that is no part of EOS': '0081 1801 61',
    'padding of a whole byte': '0082 1fff 0161',
    'EOS within a string': '0084 ffff ffff 0161',
  };
  for (const [what, hex] of Object.entries(cases)) {
    assert.equal(decode(new HpackDecoder(4096), hex), null, what);
  }
});

test('a table may be made smaller, and larger again up to its limit', () => {
  const decoder = new HpackDecoder(4096);
  assert.deepEqual(decode(decoder, '4001 6101 62 be'), ['a: b', 'a: b']);
  assert.deepEqual(decode(decoder, '20 3fe1 1f 82'), [':method: GET']);
  assert.equal(decode(decoder, 'be'), null);
});

test('the dynamic table is as a list that is cut', () => {
  const step = fc.oneof(
    fc.nat(60).map((length) => ({ kind: 'add' as const, length })),
    fc.nat(200).map((maxBytes) => ({ kind: 'resize' as const, maxBytes })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const table = new DynamicTable(200);
      let list: ReturnType<typeof headerField>[] = [];
      let maxBytes = 200;
      const cut = () => {
        const bytes = () => list.reduce((sum, field) => sum + field.bytes, 0);
        while (bytes() > maxBytes) list = list.slice(0, -1);
      };
      for (const [at, one] of steps.entries()) {
        if (one.kind === 'resize') {
          maxBytes = one.maxBytes;
          table.resize(maxBytes);
        } else {
          const field = headerField(`n${at}`, 'v'.repeat(one.length));
          table.add(field);
          list = [field, ...list];
        }
        cut();
        for (let i = 0; i <= list.length; i++) assert.equal(table.get(62 + i), list[i]);
      }
    }),
  );
});

test('no bytes make the Huffman decoder fail but by saying so', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = decodeHuffman(bytes, 0, bytes.length);
      assert.ok(text === null || text.length <= (bytes.length * 8) / 5);
    }),
  );
});

/** The header blocks that Node's HTTP/2 client sends for requests with these fields. */
async function blocksOfNode(requestFields: readonly Record<string, string>[]): Promise<Buffer[]> {
  const blocks: Buffer[] = [];
  const received = Promise.withResolvers<void>();
  const port = createServer((socket) => {
    const reader = new FrameReader();
    let skip = 24;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      const skipped = Math.min(skip, chunk.length);
      skip -= skipped;
      reader.push(chunk.subarray(skipped), {
        oversized: () => received.reject(new Error('too large')),
        frame: (type, _flags, _stream, payload) => {
          if (type === FrameType.headers) blocks.push(Buffer.from(payload));
          if (blocks.length === requestFields.length) received.resolve();
          return true;
        },
      });
    });
    // Empty SETTINGS: without them the client keeps its requests.
    socket.write(Buffer.of(0, 0, 0, 4, 0, 0, 0, 0, 0));
  }).listen(0, '127.0.0.1');
  await once(port, 'listening');
  const client = connect(`http://127.0.0.1:${(port.address() as AddressInfo).port}`);
  client.on('error', () => undefined);
  for (const fields of requestFields) {
    client.request(fields, { endStream: true }).on('error', () => undefined);
  }
  await received.promise;
  client.destroy();
  port.close();
  return blocks;
}

test("header blocks of Node's client say what it was told", async () => {
  const value = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
    minLength: 1,
    maxLength: 60,
  });
  const [fields = []] = fc.sample(
    fc.array(fc.record({ ':path': value.map((text) => `/${text}`), 'x-a': value, 'x-b': value }), {
      minLength: 60,
      maxLength: 60,
    }),
    { numRuns: 1, seed: 7 },
  );
  // All bytes that a field may have, so that every code of one is met.
  const all = Array.from({ length: 0x5e }, (_, at) => String.fromCharCode(0x21 + at)).join('');
  const told = [...fields, { ':path': '/all', 'x-a': all, 'x-b': all }];
  const decoder = new HpackDecoder(4096);
  for (const [at, block] of (await blocksOfNode(told)).entries()) {
    const decoded = decode(decoder, block.toString('hex')) ?? [];
    const wanted = Object.entries(told[at] as object).map(([name, text]) => `${name}: ${text}`);
    for (const field of wanted) assert.ok(decoded.includes(field), `${field} in ${decoded}`);
  }
});

test('answers take three bytes of header fields once the client was taught them', () => {
  const encoder = new ResponseEncoder();
  const decoder = new HpackDecoder(4096);
  const fieldsOf = (block: Buffer) => decode(decoder, block.toString('hex'));
  for (let round = 0; round < 3; round++) {
    const [headers, success] = [encoder.headers(), encoder.success()];
    assert.deepEqual(fieldsOf(headers), [':status: 200', 'content-type: application/grpc']);
    assert.deepEqual(fieldsOf(success), ['grpc-status: 0']);
    if (round > 0) assert.deepEqual([headers.length, success.length], [2, 1]);
    const error = encoder.trailers({ code: 5, message: 'not 100 % — here' }, round === 1);
    const known = ['grpc-status: 5', 'grpc-message: not 100 %25 %E2%80%94 here'];
    const first = [':status: 200', 'content-type: application/grpc'];
    assert.deepEqual(fieldsOf(error), round === 1 ? [...first, ...known] : known);
  }
});

test('a client that wants a smaller table gets literals', () => {
  const encoder = new ResponseEncoder();
  const decoder = new HpackDecoder(4096);
  const fieldsOf = (block: Buffer) => decode(decoder, block.toString('hex'));
  fieldsOf(encoder.headers());
  encoder.setTableSize(100);
  const block = encoder.headers();
  assert.equal(block[0], 0x20, 'a change of size comes first');
  assert.deepEqual(fieldsOf(block), [':status: 200', 'content-type: application/grpc']);
  assert.deepEqual(fieldsOf(encoder.success()), ['grpc-status: 0']);
  const small = new HpackDecoder(0);
  encoder.setTableSize(0);
  assert.deepEqual(decode(small, encoder.headers().toString('hex'))?.length, 2);
});
