import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Prng } from '@quorate/base';
import { sniffProtocol } from '../src/port/sniff.ts';

/* An input is a byte that says how long the pieces are at most, then what a client sends first. */

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const tellingBytes = 14;

class FakeSocket extends EventEmitter {
  readonly arrived: Buffer[] = [];
  back: Buffer | null = null;
  isDestroyed = false;

  read(): Buffer | null {
    const all = Buffer.concat(this.arrived.splice(0));
    return all.length === 0 ? null : all;
  }

  unshift(bytes: Buffer): void {
    assert.equal(this.back, null, 'put back twice');
    this.back = bytes;
  }

  destroy(): void {
    this.isDestroyed = true;
    this.emit('close');
  }
}

function generate(prng: Prng): Uint8Array {
  const hello = [0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, ...new Uint8Array(prng.below(300))];
  const first = prng.pick([
    [...preface],
    [...preface.subarray(0, prng.below(preface.length))],
    [...Buffer.from('GET /health HTTP/1.1\r\n\r\n')],
    [...Buffer.from('PRI * HTTP/1.1\r\n\r\n')],
    hello,
  ]);
  return Uint8Array.from([prng.below(20), ...first]);
}

/** What the bytes say, however they come; and whoever takes over gets all of them. */
function run(input: Uint8Array) {
  const longest = 1 + (input[0] ?? 0);
  const bytes = Buffer.from(input.slice(1));
  const socket = new FakeSocket();
  let decided: string | null = null;
  sniffProtocol(socket as unknown as Socket, 60_000, (protocol) => {
    assert.equal(decided, null, 'decided twice');
    decided = protocol;
  });
  let at = 0;
  for (; at < bytes.length && decided === null; at += longest) {
    socket.arrived.push(bytes.subarray(at, at + longest));
    socket.emit('readable');
  }
  const head = bytes.subarray(0, tellingBytes);
  const isPrefix = head.equals(preface.subarray(0, head.length));
  const undecided = isPrefix && head.length < tellingBytes;
  const other = bytes[0] === 0x16 ? 'tls' : 'http1';
  const expected = undecided ? null : isPrefix ? 'http2' : other;
  assert.equal(decided, expected);
  if (decided !== null) assert.deepEqual(socket.back, bytes.subarray(0, at));
  if (decided === null) socket.destroy();
  assert.equal(socket.listenerCount('readable') + socket.listenerCount('close'), 0);
  return { accepted: true, behaviour: decided ?? 'undecided' };
}

export const fuzzer = {
  about: 'the first bytes of a connection, by which its protocol is known',
  maxBytes: 1024,
  generate,
  run,
  isRefusal: () => false,
  words: [preface, Buffer.of(0x16, 3, 1)],
};
