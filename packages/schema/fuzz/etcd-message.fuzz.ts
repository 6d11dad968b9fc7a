import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { ByteWriter, type Prng } from '@quorate/base';
import { type Codec, decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import { etcdFields } from '../test/etcd-fields.ts';

/* An input is a byte that chooses the message of the API, then the bytes to decode as one. */

interface Field {
  readonly number: number;
  readonly type: string;
  readonly isRepeated: boolean;
}

type Row = Record<string, unknown>;

const messages = new Map<string, readonly Field[]>();
for (const [, name = '', rest = ''] of etcdFields.matchAll(/^(\w+):(.*(?:\n {2}.*)*)$/gm)) {
  const fields = [...rest.matchAll(/\w+=(\d+):(\w+)(\*?)/g)];
  messages.set(
    name,
    fields.map(([, number, type = '', star]) => ({
      number: Number(number),
      type,
      isRepeated: star === '*',
    })),
  );
}
const names = [...messages.keys()];
const codecs = etcd as unknown as Readonly<Record<string, Codec<Row>>>;
const texts = ['', 'a', 'name', 'http://n1:2380', 'ä\u{1f980}'];

function writeMessage(writer: ByteWriter, name: string, prng: Prng, depth: number): void {
  for (const field of messages.get(name) ?? []) {
    const most = field.isRepeated ? 3 : 1;
    for (let left = prng.below(most + 1); left > 0; left--) {
      writeField(writer, field, prng, depth);
    }
  }
}

function writeField(writer: ByteWriter, field: Field, prng: Prng, depth: number): void {
  const { number, type } = field;
  if (['int64', 'uint64', 'uint32', 'enum', 'bool'].includes(type)) {
    writer.tag(number, 0);
    const bits = type === 'bool' ? 1 : type === 'enum' ? 2 : prng.pick([1, 7, 30, 53]);
    writer.varint(Math.floor(prng.float() * 2 ** bits));
    return;
  }
  if (messages.has(type) && depth > 3) return;
  writer.tag(number, 2);
  if (type === 'string') writer.string(prng.pick(texts));
  else if (type === 'bytes') writer.bytes(Uint8Array.from([1, 2, 3]).slice(0, prng.below(4)));
  else {
    const mark = writer.begin(16);
    writeMessage(writer, type, prng, depth + 1);
    writer.end(mark);
  }
}

function generate(prng: Prng): Uint8Array {
  const choice = prng.below(names.length);
  const writer = new ByteWriter();
  writeMessage(writer, names[choice] as string, prng, 0);
  return Uint8Array.from([choice, ...writer.view()]);
}

function run(input: Uint8Array) {
  const name = names[(input[0] ?? 0) % names.length] as string;
  const codec = codecs[name] as Codec<Row>;
  const message = decodeMessage(codec, input.slice(1));
  if (message === null) return { accepted: false, behaviour: `no ${name}` };
  // Not a Buffer, or the byte fields of the two would differ by their class.
  const encoded = new Uint8Array(encodeMessage(codec, message as never));
  const again = decodeMessage(codec, encoded);
  assert.ok(isDeepStrictEqual(again, message), `${name} does not survive a round trip`);
  return { accepted: true, behaviour: name };
}

export const fuzzer = {
  about: 'every message of the etcd API',
  maxBytes: 8192,
  generate,
  run,
  isRefusal: () => false,
};
