/**
 * A snapshot is one stream of records, cut into chunks anywhere. A record is its body's length as a
 * uint32, then the body, whose first byte is its kind. Other primitives as in `ByteWriter`.
 *
 *     header    (1)  "QKVS" formatVersion:byte revision:varint compactedRevision:signed
 *                    leaseMs:varint leaseTicks:varint
 *     lease     (7)  id:int64 ttlSeconds:varint tick:varint [startMs:varint]
 *                    the tick is that before its last renewal; startMs, in lease time, is there
 *                    unless that is the last tick
 *     base      (2)  lease:int64 createRevision:varint modRevision:varint version:varint
 *                    key:blob value:blob
 *     put       (3)  revision:varint lease:int64 key:blob value:blob
 *     tombstone (4)  revision:varint key:blob
 *     pause     (5)  nothing; sent when much was looked at and little found
 *     end       (6)  leases:varint bases:varint changes:varint stateHash:uint32 checksum:uint32
 *
 * First the header; then the leases as they were granted; then the live keys as of just before the
 * compacted revision, by key; then every change from that revision on, in the order it was made;
 * then the end. What a put's version and create revision are follows from replay.
 *
 * What a change at the compacted revision replaced is not kept. The base has an empty value in its
 * place, without a lease, whose version is one less and whose mod revision is the create revision;
 * before a deletion, version 1 of revision 2. Snapshots that have the real one are read as well.
 *
 * The checksum is the CRC-32 of the stream up to itself, the state hash that of the latest state.
 * So equal states have equal snapshots, whatever each replica has swept.
 */
export const SNAPSHOT_MAGIC = new Uint8Array([0x51, 0x4b, 0x56, 0x53]);
export const SNAPSHOT_VERSION = 2;

export const RECORD_HEADER = 1;
export const RECORD_BASE = 2;
export const RECORD_PUT = 3;
export const RECORD_TOMBSTONE = 4;
export const RECORD_PAUSE = 5;
export const RECORD_END = 6;
export const RECORD_LEASE = 7;

export const LENGTH_BYTES = 4;
export const CHECKSUM_BYTES = 4;
