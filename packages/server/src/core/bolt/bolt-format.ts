/**
 * The file format of bbolt, a B+ tree of pages that etcd keeps its state in and sends as a
 * snapshot. Integers are little-endian. Page 0 and 1 hold the meta data of the last two
 * transactions; the valid one with the higher transaction id counts.
 *
 *   page     u64 id | u16 flags | u16 count | u32 overflow, then `count` elements, then their bytes
 *   leaf     u32 flags | u32 position | u32 key bytes | u32 value bytes
 *   branch   u32 position | u32 key bytes | u64 page; keys are the least of the page below
 *   bucket   u64 root page | u64 sequence; with root 0 a page of its own follows (inline)
 *   meta     u32 magic | u32 version | u32 page bytes | u32 flags | u64 root | u64 sequence |
 *            u64 free list | u64 pages | u64 transaction | u64 FNV-1a of all before
 *
 * Positions count from the start of the element that names them. A page that is longer than one
 * has `overflow` more behind it.
 */
export const boltMagic = 0xed0cdaed;
export const boltVersion = 2;
export const pageHeaderBytes = 16;
export const elementBytes = 16;
export const bucketBytes = 16;
export const metaBytes = 64;
/** In a leaf: the value is a bucket. */
export const bucketElement = 1;

export const PageFlag = { branch: 1, leaf: 2, meta: 4, freeList: 16 } as const;

/** What page ids and counts may be here: files of petabytes are refused, not misread. */
export const maxPage = 2 ** 40;

export interface PageHeader {
  readonly id: number;
  readonly flags: number;
  readonly count: number;
  readonly overflow: number;
}

export function putPageHeader(view: DataView, at: number, header: PageHeader): void {
  putU64(view, at, header.id);
  view.setUint16(at + 8, header.flags, true);
  view.setUint16(at + 10, header.count, true);
  view.setUint32(at + 12, header.overflow, true);
}

export function readPageHeader(view: DataView, at: number): PageHeader {
  return {
    id: readU64(view, at),
    flags: view.getUint16(at + 8, true),
    count: view.getUint16(at + 10, true),
    overflow: view.getUint32(at + 12, true),
  };
}

export function putU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

/** @returns Infinity for what is no safe integer: no id, size or count is that large */
export function readU64(view: DataView, at: number): number {
  const value = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  return Number.isSafeInteger(value) ? value : Number.POSITIVE_INFINITY;
}

/** The 64-bit checksum of meta data (Fowler, Noll and Vo, variant 1a). */
export function fnv1a64(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
