import { concatBytes } from '@quorate/base';
import { encodeMessage, etcd, type Init } from '@quorate/schema';
import { AnswerWriter, type ServerIdentity } from '../answer-writer.ts';

/** A watch's id, and how it stands in an answer. */
export interface WatchId {
  readonly value: bigint;
  readonly bytes: Uint8Array;
}

export function encodeWatchId(value: bigint): WatchId {
  return { value, bytes: encodeMessage(etcd.WatchResponse, { watchId: value }) };
}

/** What stands before the events of an answer. */
export interface AnswerHead {
  readonly watchId: WatchId;
  readonly revision: number;
  readonly raftTerm: number;
}

const fragmentBytes = encodeMessage(etcd.WatchResponse, { fragment: true });

/**
 * Puts what watchers are told on the wire, from pieces that the codec wrote: fields one after
 * another are a message. So events are encoded once for many watchers, a header once for a slice,
 * and an id once. Readers that watch the same under the same id, as most do that have one watch
 * each, get the very same bytes.
 */
export class WatchAnswers {
  readonly #writer: AnswerWriter;
  #lastHead: AnswerHead | null = null;
  #lastHeader: Uint8Array = new Uint8Array(0);
  #lastEvents: readonly Uint8Array[] = [];
  #last: Uint8Array = new Uint8Array(0);

  constructor(identity: ServerIdentity) {
    this.#writer = new AnswerWriter(identity);
  }

  /**
   * @param message without header and events
   * @param revision 0: the header has none
   */
  answer(message: Init<etcd.WatchResponse>, revision: number, raftTerm: number): Uint8Array {
    return this.#writer.write(etcd.WatchResponse, message, revision, raftTerm);
  }

  /** @param events as `encodeEvent` gives them */
  events(head: AnswerHead, events: readonly Uint8Array[]): Uint8Array {
    const isSame = isSameHead(head, this.#lastHead) && areSame(events, this.#lastEvents);
    if (!isSame) {
      const pieces = [this.#header(head), head.watchId.bytes, ...events];
      this.#last = concatBytes(pieces);
      this.#lastHead = head;
      this.#lastEvents = events;
    }
    return this.#last;
  }

  /**
   * As `events`, but in as many answers as it takes for each to stay below `maxBytes`, unless one
   * event alone is above it.
   */
  fragments(head: AnswerHead, events: readonly Uint8Array[], maxBytes: number): Uint8Array[] {
    const whole = this.events(head, events);
    if (whole.length < maxBytes || events.length < 2) return [whole];
    const end = concatBytes([this.#header(head), head.watchId.bytes]);
    const front = concatBytes([end, fragmentBytes]);
    const out: Uint8Array[] = [];
    let from = 0;
    let bytes = front.length;
    events.forEach((event, at) => {
      if (at > from && bytes + event.length >= maxBytes) {
        out.push(concatBytes([front, ...events.slice(from, at)]));
        from = at;
        bytes = front.length;
      }
      bytes += event.length;
    });
    out.push(concatBytes([end, ...events.slice(from)]));
    return out;
  }

  #header({ revision, raftTerm }: AnswerHead): Uint8Array {
    const last = this.#lastHead;
    if (last === null || last.revision !== revision || last.raftTerm !== raftTerm) {
      this.#lastHeader = this.answer({}, revision, raftTerm);
    }
    return this.#lastHeader;
  }
}

function isSameHead(a: AnswerHead, b: AnswerHead | null): boolean {
  if (a.revision !== b?.revision || a.raftTerm !== b.raftTerm) return false;
  return a.watchId.value === b.watchId.value;
}

function areSame(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((event, at) => event === b[at]);
}
