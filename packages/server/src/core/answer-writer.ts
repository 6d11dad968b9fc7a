import { type Codec, createWriter, encodeMessage, etcd, type Init } from '@quorate/schema';

/** What of a header never changes while the process runs. */
export interface ServerIdentity {
  readonly clusterId: bigint;
  readonly memberId: bigint;
}

const headerTag = (1 << 3) | 2;
const revisionTag = 3 << 3;
const raftTermTag = 4 << 3;

/**
 * Puts answers on the wire. Every answer has its header as field 1, so the header is written first
 * and by hand: the part that never changes is encoded once.
 */
export class AnswerWriter {
  readonly #constants: Uint8Array;

  constructor(identity: ServerIdentity) {
    this.#constants = encodeMessage(etcd.ResponseHeader, identity);
  }

  /**
   * @param revision 0 where the answer has none (cluster and membership)
   * @param message without its header
   */
  write<T>(codec: Codec<T>, message: Init<T>, revision: number, raftTerm: number): Uint8Array {
    const writer = createWriter();
    writer.uint32(headerTag).fork().raw(this.#constants);
    if (revision !== 0) writer.uint32(revisionTag).int64(revision);
    if (raftTerm !== 0) writer.uint32(raftTermTag).uint64(raftTerm);
    writer.ldelim();
    codec.write(message, writer);
    return writer.finish();
  }
}
