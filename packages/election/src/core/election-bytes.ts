import type { ByteReader, ByteWriter } from '@quorate/base';
import type { LeaseTerms } from './election-model.ts';

/** The largest there is: tokens are of 64 bits, unsigned. */
export const maxToken = 2n ** 64n - 1n;

/** Little-endian, 8 bytes. */
export function writeToken(writer: ByteWriter, token: bigint): void {
  writer.fixed32(Number(token & 0xffff_ffffn));
  writer.fixed32(Number(token >> 32n));
}

/** @throws ByteReaderError */
export function readToken(reader: ByteReader): bigint {
  const low = BigInt(reader.fixed32());
  return low | (BigInt(reader.fixed32()) << 32n);
}

/** Two varints. */
export function writeLease(writer: ByteWriter, lease: LeaseTerms): void {
  writer.varint(lease.electionTimeoutMs);
  writer.varint(lease.clockDriftPpm);
}

/** @throws ByteReaderError */
export function readLease(reader: ByteReader): LeaseTerms {
  return { electionTimeoutMs: reader.varint(), clockDriftPpm: reader.varint() };
}
