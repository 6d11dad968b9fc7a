import type { ResultCodec } from '@quorate/runtime';

const bytesMark = 0;
const jsonMark = 1;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** For state machines of the full form that say nothing of their results: bytes, or plain JSON. */
export const plainResults: ResultCodec<unknown> = {
  encode(result) {
    const isBytes = result instanceof Uint8Array;
    const content = isBytes ? result : encoder.encode(JSON.stringify(result) ?? '');
    const bytes = new Uint8Array(1 + content.length);
    bytes[0] = isBytes ? bytesMark : jsonMark;
    bytes.set(content, 1);
    return bytes;
  },
  decode(bytes) {
    const content = bytes.subarray(1);
    if (bytes[0] === bytesMark) return content;
    return content.length === 0 ? undefined : JSON.parse(decoder.decode(content));
  },
};
