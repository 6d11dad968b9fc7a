import { type Prng, portableChecksum } from '@quorate/base';
import { EncodedEntries, type PeerMessage } from '@quorate/schema';
import { frameHeaderBytes } from '../src/frame-parser.ts';
import { SendQueue } from '../src/send-queue.ts';
import { chunk, forward, heartbeat } from '../test/support/messages.ts';

export const maxFrameBytes = 1024;

const queueLimits = { maxFrameBytes, flushFrameBytes: 300, maxBytes: 1e6, maxMessages: 100 };

/** Frames as a peer sends them, with pings between. */
export function validFrames(prng: Prng, from: number, to: number): Uint8Array[] {
  const queue = new SendQueue(queueLimits, portableChecksum, new EncodedEntries());
  const frames: Uint8Array[] = [];
  for (let left = prng.below(5); left > 0; left--) {
    for (let messages = prng.below(4); messages > 0; messages--) {
      queue.push(prng.below(3), validMessage(prng, from, to), 0);
    }
    frames.push(...queue.take());
    if (prng.chance(0.3)) frames.push(new Uint8Array(frameHeaderBytes));
  }
  return frames;
}

function validMessage(prng: Prng, from: number, to: number): PeerMessage {
  const number = prng.below(300);
  const make = prng.pick([
    () => heartbeat(from, to, number),
    () => chunk(from, to, number, prng.below(200)),
    () => forward(from, to, number, prng.below(200)),
  ]);
  return make();
}

/** Gives every frame from `start` on the length that is there and the CRC that fits. */
export function sealFrames(stream: Uint8Array, start: number): Uint8Array {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  for (let at = start; at + frameHeaderBytes <= stream.length; ) {
    const room = stream.length - at - frameHeaderBytes;
    const length = Math.min(view.getUint32(at, true), room);
    const payload = stream.subarray(at + frameHeaderBytes, at + frameHeaderBytes + length);
    view.setUint32(at, length, true);
    view.setUint32(at + 4, portableChecksum.crc32(payload, 0), true);
    at += frameHeaderBytes + length;
  }
  return stream;
}
