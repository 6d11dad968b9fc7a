import { ByteReader, ByteWriter, type Checksum, equalBytes } from '@quorate/base';
import type { NodeId } from '@quorate/schema';

/**
 * The first bytes of a connection in either direction: who is there, for whom, speaking what. All
 * versions of the protocol begin with these 52 bytes, integers little-endian:
 *
 * ```
 *  0  8  magic "QRPEER\r\n" (a transfer as text would mangle the line end)
 *  8  2  lowest version spoken      10  2  highest version spoken
 * 12  1  lane: 0 control, 1 bulk, 2 enquiry    13  1  refusal: 0 in a greeting and when accepted
 * 14  2  version chosen: 0 in a greeting and when refused
 * 16  8  cluster id                 24  8  from: node id of the writer
 * 32  8  to: node id of the reader  40  8  incarnation of the writer
 * 48  4  CRC-32 of the 48 bytes before
 * ```
 *
 * Who connects greets; who accepted answers, and only after an accepting answer do frames follow.
 */
export interface Handshake {
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly lane: number;
  readonly refusal: number;
  readonly version: number;
  /** 16 hex digits. */
  readonly clusterId: string;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly incarnation: number;
}

const handshakeBytes = 52;

/** The versions of the protocol that a process speaks. */
export interface SpokenVersions {
  readonly min: number;
  readonly max: number;
}

export const spokenVersions: SpokenVersions = { min: 1, max: 1 };

/** On the enquiry lane cluster and reader may be 0, whoever is there; anyone may write. */
export const Lane = { control: 0, bulk: 1, enquiry: 2 } as const;
export type Lane = (typeof Lane)[keyof typeof Lane];
export const laneNames = ['control', 'bulk', 'enquiry'] as const;

/** By their number on the wire; new ones are added at the end. */
const refusals = [
  'accepted',
  'damagedHandshake',
  'noCommonVersion',
  'foreignCluster',
  'wrongAddressee',
  'ownId',
  'unknownPeer',
  'unknownLane',
] as const;
export type Refusal = (typeof refusals)[number] | 'wrongMagic' | 'unknownRefusal';

/** The number of a refusal on the wire; one who does not speak the protocol gets no answer. */
export function refusalNumber(refusal: Exclude<Refusal, 'wrongMagic' | 'unknownRefusal'>): number {
  return refusals.indexOf(refusal);
}

/** For the log, where the name alone does not say what to do. */
export function adviceOn(refusal: Refusal): { readonly advice?: string } {
  if (refusal !== 'foreignCluster') return {};
  const advice =
    'the node at that address is of another cluster: see that the address is right, and that all ' +
    'nodes were founded with the same peers and cluster name';
  return { advice };
}

/** Stands for whatever cluster is there; no cluster's id. */
export const anyCluster = '0'.repeat(16);

const magic = new TextEncoder().encode('QRPEER\r\n');

export function encodeHandshake(handshake: Handshake, checksum: Checksum): Uint8Array {
  const writer = new ByteWriter(handshakeBytes);
  writer.raw(magic);
  writer.fixed32(handshake.minVersion + handshake.maxVersion * 2 ** 16);
  writer.fixed32(handshake.lane + handshake.refusal * 2 ** 8 + handshake.version * 2 ** 16);
  writer.fixed32(Number.parseInt(handshake.clusterId.slice(8), 16));
  writer.fixed32(Number.parseInt(handshake.clusterId.slice(0, 8), 16));
  for (const number of [handshake.from, handshake.to, handshake.incarnation]) {
    writer.fixed32(number % 2 ** 32);
    writer.fixed32(Math.floor(number / 2 ** 32));
  }
  writer.fixed32(checksum.crc32(writer.view(), 0));
  return writer.take();
}

/** Null when the CRC is wrong or a number is not safe: nothing in it can be trusted. */
function decodeHandshake(bytes: Uint8Array, checksum: Checksum): Handshake | null {
  const reader = new ByteReader(bytes, magic.length);
  const versions = reader.fixed32();
  const choices = reader.fixed32();
  const clusterLow = reader.fixed32();
  const clusterHigh = reader.fixed32();
  const number = (): number => reader.fixed32() + reader.fixed32() * 2 ** 32;
  const [from, to, incarnation] = [number(), number(), number()];
  if (reader.fixed32() !== checksum.crc32(bytes.subarray(0, handshakeBytes - 4), 0)) return null;
  if (![from, to, incarnation].every(Number.isSafeInteger)) return null;
  return {
    minVersion: versions & 0xffff,
    maxVersion: versions >>> 16,
    lane: choices & 0xff,
    refusal: (choices >>> 8) & 0xff,
    version: choices >>> 16,
    clusterId: hex8(clusterHigh) + hex8(clusterLow),
    from,
    to,
    incarnation,
  };
}

function hex8(value: number): string {
  return value.toString(16).padStart(8, '0');
}

/** Gathers the 52 bytes from however many chunks they come in. */
export class HandshakeReader {
  readonly #bytes = new Uint8Array(handshakeBytes);
  readonly #checksum: Checksum;
  #filled = 0;

  constructor(checksum: Checksum) {
    this.#checksum = checksum;
  }

  /**
   * @param chunk what came, to be read from `offset` on
   * @returns how many bytes of it belong to the handshake
   */
  push(chunk: Uint8Array): number {
    const taken = Math.min(chunk.length, handshakeBytes - this.#filled);
    this.#bytes.set(chunk.subarray(0, taken), this.#filled);
    this.#filled += taken;
    return taken;
  }

  /** Null while bytes are missing. A wrong magic is seen at the first wrong byte. */
  get result(): Handshake | 'wrongMagic' | 'damagedHandshake' | null {
    const seen = Math.min(this.#filled, magic.length);
    if (!equalBytes(this.#bytes.subarray(0, seen), magic.subarray(0, seen))) return 'wrongMagic';
    if (this.#filled < handshakeBytes) return null;
    return decodeHandshake(this.#bytes, this.#checksum) ?? 'damagedHandshake';
  }
}

/** Who this process is, in every handshake it takes part in. */
export interface Identity {
  readonly versions: SpokenVersions;
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly incarnation: number;
}

export function greetingOf(self: Identity, peer: NodeId, lane: Lane): Handshake {
  return {
    minVersion: self.versions.min,
    maxVersion: self.versions.max,
    lane,
    refusal: 0,
    version: 0,
    clusterId: self.clusterId,
    from: self.nodeId,
    to: peer,
    incarnation: self.incarnation,
  };
}

/** @returns why whoever greets so is not let in, or null */
export function judgeGreeting(
  greeting: Handshake,
  self: Identity,
  isPeer: (id: NodeId) => boolean,
): Exclude<Refusal, 'wrongMagic' | 'unknownRefusal'> | null {
  if (commonVersion(greeting, self) === 0) return 'noCommonVersion';
  const isEnquiry = greeting.lane === Lane.enquiry;
  const isAnyCluster = isEnquiry && greeting.clusterId === anyCluster;
  if (greeting.clusterId !== self.clusterId && !isAnyCluster) return 'foreignCluster';
  if (isEnquiry) {
    return greeting.to === 0 || greeting.to === self.nodeId ? null : 'wrongAddressee';
  }
  if (greeting.from === self.nodeId) return 'ownId';
  if (greeting.to !== self.nodeId) return 'wrongAddressee';
  if (!isPeer(greeting.from)) return 'unknownPeer';
  if (greeting.lane !== Lane.control && greeting.lane !== Lane.bulk) return 'unknownLane';
  return null;
}

/** @returns the highest version both sides speak, or 0 */
export function commonVersion(
  greeting: Handshake,
  { versions }: Pick<Identity, 'versions'>,
): number {
  const version = Math.min(greeting.maxVersion, versions.max);
  return version >= Math.max(greeting.minVersion, versions.min) ? version : 0;
}

/** @returns why the connection cannot be used, or null when it is up */
export function judgeAnswer(answer: Handshake, greeting: Handshake): Refusal | null {
  if (answer.refusal !== 0) return refusals[answer.refusal] ?? 'unknownRefusal';
  const isAnyCluster = greeting.clusterId === anyCluster;
  if (answer.clusterId !== greeting.clusterId && !isAnyCluster) return 'foreignCluster';
  const isFromAddressee = answer.from === greeting.to || greeting.to === 0;
  if (!isFromAddressee || answer.to !== greeting.from) return 'wrongAddressee';
  if (answer.lane !== greeting.lane) return 'unknownLane';
  if (answer.version < greeting.minVersion || answer.version > greeting.maxVersion) {
    return 'noCommonVersion';
  }
  return null;
}
