import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import {
  type Connection,
  concatBytes,
  type Network,
  Prng,
  portableChecksum,
  silentLogger,
  silentMetrics,
} from '@quorate/base';
import { EncodedEntries } from '@quorate/schema';
import { IncomingConnection } from '../src/incoming-connection.ts';
import { LimitedLog } from '../src/limited-log.ts';
import { defaultTransportLimits } from '../src/limits.ts';
import type { LinkEnvironment } from '../src/link-environment.ts';
import { LinkMetrics } from '../src/link-metrics.ts';
import { cutStream } from './chunking.ts';
import { maxFrameBytes, sealFrames, validFrames } from './frames.ts';
import { handshake, handshakeBytes, sealHandshake, self, validGreeting } from './handshakes.ts';

const unused: Network = { listen: () => undefined, connect: () => undefined };
const clock = { monotonicMs: () => 0, wallMicros: () => 0 };
const environment: LinkEnvironment = {
  network: unused,
  timers: {
    after: () => ({ cancel: () => undefined }),
    defer: (callback) => callback(),
  },
  clock,
  checksum: portableChecksum,
  prng: new Prng(1),
  log: new LimitedLog(silentLogger, clock, 1),
  limits: { ...defaultTransportLimits, maxFrameBytes },
  self,
  encodedEntries: new EncodedEntries(),
};
const metrics = new LinkMetrics(silentMetrics).of(2);

interface Heard {
  /** Sender, group and type of each message. */
  readonly messages: string[];
  /** Written back: the answer to the greeting, then one for each ping. */
  writtenBytes: number;
  opened: number;
  ended: number;
  reason: string;
}

/** A connection that only listens, fed with the chunks. */
function listen(chunks: readonly Uint8Array[]): Heard {
  const heard: Heard = { messages: [], writtenBytes: 0, opened: 0, ended: 0, reason: '' };
  const connection: Connection = {
    remote: 'fuzz',
    queuedBytes: 0,
    write: (written) => {
      heard.writtenBytes += concatBytes(written).length;
      return true;
    },
    close: (reason) => {
      heard.reason = reason;
    },
  };
  const room = {
    isPeer: (id: number) => id === 2,
    metricsOf: () => metrics,
    greeted: () => assert.equal(heard.messages.length, 0, 'greeted after the first message'),
    opened: () => {
      heard.opened += 1;
    },
    message: (from: number, group: number, message: { type: string; from: number; to: number }) => {
      assert.ok(from === 2 && message.from === 2 && message.to === 1, 'a message of another');
      heard.messages.push(`${from} ${group} ${message.type}`);
    },
    enquired: (request: Uint8Array, answer: (body: Uint8Array) => void) => answer(request),
    openedEnquiry: () => {
      heard.opened += 1;
      return true;
    },
    ended: () => {
      heard.ended += 1;
    },
  };
  const incoming = new IncomingConnection(environment, room, connection);
  for (const chunk of chunks) {
    const given = chunk.slice();
    incoming.data(given);
  }
  return heard;
}

function run(input: Uint8Array) {
  const whole = listen([input]);
  assert.ok(isDeepStrictEqual(listen(cutStream(input)), whole), 'other chunks make a difference');
  assert.ok(whole.opened <= 1 && whole.ended <= 1, 'opened or ended twice');
  if (whole.opened === 0) assert.equal(whole.messages.length, 0, 'heard before it was opened');
  assert.ok(whole.writtenBytes <= handshakeBytes + input.length, 'says more than it hears');
  const end = whole.ended === 0 ? (whole.opened === 0 ? 'not open' : 'open') : whole.reason;
  const heard = whole.messages.length === 0 ? '' : ' after messages';
  return { accepted: whole.ended === 0 && whole.opened === 1, behaviour: end + heard };
}

export const fuzzer = {
  about: 'a whole accepted connection: greeting, frames, messages',
  maxBytes: 2048,
  // Much of it is the harness's: the stream is cut into single bytes, and compared.
  allocation: { fixedBytes: 4 << 20, perInputByte: 8192 },
  generate: (prng: Prng) =>
    concatBytes([handshake(validGreeting(prng)), ...validFrames(prng, 2, 1)]),
  run,
  isRefusal: () => false,
  seal: (input: Uint8Array) => sealFrames(sealHandshake(input), handshakeBytes),
};
