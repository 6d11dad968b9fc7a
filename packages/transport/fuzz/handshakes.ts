import { type Prng, portableChecksum } from '@quorate/base';
import {
  encodeHandshake,
  type Handshake,
  type Identity,
  spokenVersions,
} from '../src/handshake.ts';

export const handshakeBytes = 52;
export const self: Identity = {
  versions: spokenVersions,
  clusterId: '0123456789abcdef',
  nodeId: 1,
  incarnation: 7,
};

/** A greeting that node 1 of the cluster accepts from node 2. */
export function validGreeting(prng: Prng): Handshake {
  return {
    minVersion: prng.below(2),
    maxVersion: prng.between(1, 4),
    lane: prng.below(2),
    refusal: 0,
    version: 0,
    clusterId: self.clusterId,
    from: 2,
    to: self.nodeId,
    incarnation: prng.pick([0, 1, 2 ** 31, 2 ** 53 - 1]),
  };
}

export function handshake(fields: Handshake): Uint8Array {
  return encodeHandshake(fields, portableChecksum);
}

/** Puts the CRC right of the handshake that the stream begins with. */
export function sealHandshake(stream: Uint8Array): Uint8Array {
  if (stream.length < handshakeBytes) return stream;
  const crc = portableChecksum.crc32(stream.subarray(0, handshakeBytes - 4), 0);
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  view.setUint32(handshakeBytes - 4, crc, true);
  return stream;
}
