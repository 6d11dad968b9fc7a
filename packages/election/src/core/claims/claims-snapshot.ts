/**
 * All claims as one stream, cut into chunks anywhere. Primitives as in base's `ByteWriter`,
 * positions and u64 as in position-codec.ts.
 *
 *     snapshot  = "QCLM" version:varint (1) count:varint claims... crc:fixed32
 *     claims    = key:bytes token:u64 watermarks:varint watermark...
 *     watermark = position generation:varint holds:varint [digest:bytes [signature:bytes]]
 *                 holds: 0 neither, 1 the digest, 2 both
 *
 * The claims in the order in which their keys were first seen, so equal histories have equal
 * snapshots; the watermarks in the order of `positionKinds`. The checksum is the CRC-32 of all
 * before it.
 */
import {
  assert,
  ByteReader,
  ByteReaderError,
  ByteWriter,
  concatBytes,
  equalBytes,
  portableChecksum,
  type SnapshotSink,
  toHex,
} from '@quorate/base';
import { ElectionError } from '../election-error.ts';
import { maxGeneration } from '../election-model.ts';
import * as model from './claims-model.ts';
import { type PositionKind, positionKinds } from './position.ts';
import {
  maxPositionBytes,
  readPosition,
  readU64,
  writePosition,
  writeU64,
} from './position-codec.ts';

const magic = new Uint8Array([0x51, 0x43, 0x4c, 0x4d]);
const formatVersion = 1;
const crcBytes = 4;
const chunkBytes = 256 * 1024;

const holdsNeither = 0;
const holdsDigest = 1;
const holdsBoth = 2;

const maxWatermarkBytes = maxPositionBytes + 3 + 1 + 33 + 2 + model.maxSignatureBytes;
const maxClaimsBytes = 2 + model.maxKeyBytes + 8 + 1 + positionKinds.length * maxWatermarkBytes;

/** No snapshot has more. */
export const maxSnapshotBytes = 64 + model.maxKeys * maxClaimsBytes;

/** Draws a snapshot of `all`, whose members nobody writes to. */
export class ClaimsSnapshot implements Iterator<Uint8Array, void> {
  readonly #all: readonly model.KeyClaims[];
  readonly #writer = new ByteWriter();
  #next = 0;
  #crc = 0;
  #isOver = false;

  constructor(all: readonly model.KeyClaims[]) {
    this.#all = all;
    this.#writer.raw(magic);
    this.#writer.varint(formatVersion);
    this.#writer.varint(all.length);
  }

  next(): IteratorResult<Uint8Array, void> {
    if (this.#isOver) return { done: true, value: undefined };
    const writer = this.#writer;
    while (this.#next < this.#all.length && writer.length < chunkBytes) {
      writeClaims(writer, this.#all[this.#next] as model.KeyClaims);
      this.#next += 1;
    }
    this.#crc = portableChecksum.crc32(writer.view(), this.#crc);
    if (this.#next === this.#all.length) {
      writer.fixed32(this.#crc);
      this.#isOver = true;
    }
    return { done: false, value: writer.take() };
  }

  return(): IteratorResult<Uint8Array, void> {
    this.#isOver = true;
    return { done: true, value: undefined };
  }
}

/** Gathers one snapshot, and reads it once it is whole. */
export class ClaimsSnapshotSink implements SnapshotSink {
  readonly #done: (all: readonly model.KeyClaims[]) => void;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  /** @param done given what the snapshot holds */
  constructor(done: (all: readonly model.KeyClaims[]) => void) {
    this.#done = done;
  }

  /** @throws ElectionError CLAIM_SNAPSHOT_INVALID when no snapshot is so long */
  chunk(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#length > maxSnapshotBytes) {
      invalid(maxSnapshotBytes, `it goes on after ${maxSnapshotBytes} bytes`);
    }
    this.#chunks.push(new Uint8Array(bytes));
  }

  /** @throws ElectionError CLAIM_SNAPSHOT_INVALID; then nothing was done */
  finish(): void {
    this.#done(readClaimsSnapshot(concatBytes(this.#chunks)));
  }
}

/** @throws ElectionError CLAIM_SNAPSHOT_INVALID */
export function readClaimsSnapshot(bytes: Uint8Array): readonly model.KeyClaims[] {
  const end = bytes.length - crcBytes;
  if (end < magic.length || !equalBytes(bytes.subarray(0, magic.length), magic)) {
    return invalid(0, 'it does not begin as one');
  }
  const crc = new ByteReader(bytes, end).fixed32();
  if (crc !== portableChecksum.crc32(bytes.subarray(0, end), 0)) {
    return invalid(end, 'the checksum differs');
  }
  const reader = new ByteReader(bytes, magic.length, end);
  try {
    return readAll(reader);
  } catch (error) {
    if (!(error instanceof ByteReaderError)) throw error;
    return invalid(error.metadata.offset, error.metadata.reason);
  }
}

function readAll(reader: ByteReader): readonly model.KeyClaims[] {
  const version = reader.varint();
  if (version !== formatVersion) {
    invalid(reader.offset, `its format version is ${version}, and ${formatVersion} is read here`);
  }
  const count = reader.varint();
  if (count > model.maxKeys) invalid(reader.offset, `it has more than ${model.maxKeys} keys`);
  const all: model.KeyClaims[] = [];
  const keys = new Set<string>();
  for (let left = count; left > 0; left--) {
    const claims = readClaims(reader);
    const name = toHex(claims.key);
    if (keys.has(name)) invalid(reader.offset, 'a key comes twice');
    keys.add(name);
    all.push(claims);
  }
  if (!reader.atEnd) invalid(reader.offset, 'it goes on after its last key');
  return all;
}

function writeClaims(writer: ByteWriter, { key, token, watermarks }: model.KeyClaims): void {
  writer.bytes(key);
  writeU64(writer, token);
  const known = positionKinds.flatMap((kind) => watermarks[kind] ?? []);
  writer.varint(known.length);
  for (const watermark of known) writeWatermark(writer, watermark);
}

function writeWatermark(writer: ByteWriter, watermark: model.Watermark): void {
  const { position, generation, digest, signature } = watermark;
  assert(signature === null || digest !== null, 'a signature is of a digest');
  writePosition(writer, position);
  writer.varint(generation);
  if (digest === null) {
    writer.varint(holdsNeither);
    return;
  }
  writer.varint(signature === null ? holdsDigest : holdsBoth);
  writer.bytes(digest);
  if (signature !== null) writer.bytes(signature);
}

function readClaims(reader: ByteReader): model.KeyClaims {
  const key = readBytes(reader, 1, model.maxKeyBytes);
  const token = readU64(reader);
  const watermarks: Record<PositionKind, model.Watermark | null> = {
    block: null,
    attestation: null,
    heightRoundStep: null,
  };
  let last = -1;
  for (let left = reader.varint(); left > 0; left--) {
    const watermark = readWatermark(reader);
    const order = positionKinds.indexOf(watermark.position.kind);
    if (order <= last) invalid(reader.offset, 'watermarks are out of order');
    last = order;
    watermarks[watermark.position.kind] = watermark;
  }
  return { key, token, watermarks };
}

function readWatermark(reader: ByteReader): model.Watermark {
  const position = readPosition(reader);
  if (position === null) return invalid(reader.offset, 'a watermark has no position');
  const generation = reader.varint();
  if (generation > maxGeneration) invalid(reader.offset, `no generation is ${generation}`);
  const holds = reader.varint();
  if (holds > holdsBoth) invalid(reader.offset, `${holds} says nothing of what it holds`);
  const { digestBytes, maxSignatureBytes } = model;
  const digest = holds === holdsNeither ? null : readBytes(reader, digestBytes, digestBytes);
  const signature = holds === holdsBoth ? readBytes(reader, 1, maxSignatureBytes) : null;
  return { position, digest, signature, generation };
}

function readBytes(reader: ByteReader, fewest: number, most: number): Uint8Array {
  const bytes = new Uint8Array(reader.bytes());
  if (bytes.length < fewest || bytes.length > most) {
    invalid(reader.offset, `${bytes.length} bytes where there are ${fewest} to ${most}`);
  }
  return bytes;
}

function invalid(offset: number, reason: string): never {
  const message =
    `the snapshot of claims is invalid at byte ${offset}: ${reason}; ` +
    'nothing was restored, see that all nodes run compatible versions and check the disk';
  throw new ElectionError('CLAIM_SNAPSHOT_INVALID', message, { offset, reason });
}
