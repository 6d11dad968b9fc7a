import { ByteWriter, type Checksum } from '@quorate/base';
import {
  type EncodedEntries,
  encodePeerMessage,
  type GroupId,
  type PeerMessage,
} from '@quorate/schema';
import { frameHeaderBytes } from './frame-parser.ts';

export interface SendQueueLimits {
  readonly maxFrameBytes: number;
  readonly flushFrameBytes: number;
  readonly maxBytes: number;
  readonly maxMessages: number;
}

/** Frames up to a quarter of it are cut from one piece of memory of this size, one by one. */
const slabBytes = 16 * 1024;

/** Messages on their way to one peer on one lane, already encoded, gathered in frames. */
export class SendQueue {
  readonly #limits: SendQueueLimits;
  readonly #checksum: Checksum;
  readonly #encodedEntries: EncodedEntries;
  /** Keeps its buffer for a piece of a snapshot with what is around it, too. */
  readonly #writer = new ByteWriter(1024, 2 * 1024 * 1024);
  #sealed: Uint8Array[] = [];
  #slab = new Uint8Array(0);
  #slabUsed = 0;
  #sealedBytes = 0;
  #messages = 0;

  constructor(limits: SendQueueLimits, checksum: Checksum, encodedEntries: EncodedEntries) {
    this.#limits = limits;
    this.#checksum = checksum;
    this.#encodedEntries = encodedEntries;
  }

  get messages(): number {
    return this.#messages;
  }

  get bytes(): number {
    return this.#sealedBytes + this.#writer.length;
  }

  /**
   * @param bytesAhead what the network has taken and not sent yet; it counts against the limit
   * @returns whether the message waits now, or why it was dropped. A single message always fits
   *   when nothing else waits.
   */
  push(group: GroupId, message: PeerMessage, bytesAhead: number): 'queued' | 'full' | 'tooLong' {
    const { maxBytes, maxMessages, maxFrameBytes, flushFrameBytes } = this.#limits;
    const waitingBytes = this.bytes + bytesAhead;
    if (this.#messages >= maxMessages || waitingBytes >= maxBytes) return 'full';
    if (this.#writer.length >= frameHeaderBytes + flushFrameBytes) this.#seal();
    const before = this.#writer.length;
    const messageBytes = this.#append(group, message);
    if (messageBytes > maxFrameBytes) {
      this.#writer.truncate(before);
      return 'tooLong';
    }
    if (waitingBytes > 0 && waitingBytes + messageBytes > maxBytes) {
      this.#writer.truncate(before);
      return 'full';
    }
    if (this.#writer.length > frameHeaderBytes + maxFrameBytes) {
      this.#writer.truncate(before);
      this.#seal();
      this.#append(group, message);
    }
    this.#messages += 1;
    return 'queued';
  }

  /** Everything that waits, as whole frames, which are the caller's. The queue is empty then. */
  take(): readonly Uint8Array[] {
    this.#seal();
    const frames = this.#sealed;
    this.#sealed = [];
    this.#sealedBytes = 0;
    this.#messages = 0;
    return frames;
  }

  clear(): void {
    this.#writer.truncate(0);
    this.#sealed = [];
    this.#sealedBytes = 0;
    this.#messages = 0;
  }

  #append(group: GroupId, message: PeerMessage): number {
    const writer = this.#writer;
    if (writer.length === 0) {
      writer.fixed32(0);
      writer.fixed32(0);
    }
    const mark = writer.begin(64);
    encodePeerMessage(writer, group, message, this.#encodedEntries);
    writer.end(mark);
    return writer.length - mark;
  }

  #seal(): void {
    if (this.#writer.length === 0) return;
    const payload = this.#writer.view(frameHeaderBytes);
    this.#writer.patchFixed32(0, payload.length);
    this.#writer.patchFixed32(4, this.#checksum.crc32(payload, 0));
    const frame = this.#cutFrame();
    this.#sealed.push(frame);
    this.#sealedBytes += frame.length;
  }

  /**
   * Takes what was written as an array of its own. An allocation outside the engine's heap takes
   * longer than all the rest that is done for a heartbeat, and a frame is soon on its way and let
   * go, so that a slab is never kept for long.
   */
  #cutFrame(): Uint8Array {
    const length = this.#writer.length;
    if (length > slabBytes / 4) return this.#writer.take();
    if (this.#slabUsed + length > this.#slab.length) {
      this.#slab = new Uint8Array(slabBytes);
      this.#slabUsed = 0;
    }
    this.#slab.set(this.#writer.view(), this.#slabUsed);
    this.#writer.truncate(0);
    const start = this.#slabUsed;
    this.#slabUsed += length;
    return this.#slab.subarray(start, start + length);
  }
}
