import type { KeyValue, RangeRequest } from '@quorate/kv';
import { validate } from '@quorate/kv';
import { decodeMessage, encodeMessage, etcd, type Init } from '@quorate/schema';
import { rangeFromWire, refuseRange } from './from-wire.ts';
import type { StreamCall, StreamListener, StreamMethod } from './method.ts';
import { malformedRequest, type RpcError, rpcErrors, StatusCode } from './rpc-error.ts';
import type { ServiceContext } from './service-context.ts';
import { rpcErrorOfRefusal } from './to-wire.ts';

/** Keys of the first part; the next ones are as large as it takes to come to `partBytes`. */
const firstKeys = 16;
const mostKeys = 10_000;
const partBytes = 256 * 1024;

function unsupported(what: string): RpcError {
  return { code: StatusCode.unimplemented, message: `RangeStream does not support ${what}` };
}

/**
 * Range in parts: what all parts say together is what Range would have answered. All are of one
 * revision; the last has the header, the count, and whether there is more.
 *
 * @returns the method by its path
 */
export function rangeStream(context: ServiceContext): [path: string, method: StreamMethod] {
  return ['/etcdserverpb.KV/RangeStream', (call) => new RangeParts(context, call)];
}

class RangeParts implements StreamListener {
  readonly #context: ServiceContext;
  readonly #call: StreamCall;
  #range: RangeRequest | null = null;
  /** Of the keys that are still to come; 0: no bound. */
  #left = 0;
  #keys = firstKeys;
  #count = 0;
  #isBegun = false;
  #isOver = false;
  #isBlocked = false;

  constructor(context: ServiceContext, call: StreamCall) {
    this.#context = context;
    this.#call = call;
  }

  message(request: Uint8Array): void {
    const wire = decodeMessage(etcd.RangeRequest, request);
    const isSecond = this.#range !== null;
    const refusal = wire === null || isSecond ? malformedRequest : refusalOf(wire);
    if (wire === null || refusal !== null) {
      this.#end(refusal);
      return;
    }
    const range = rangeFromWire(wire);
    // Transports use their buffers again.
    const key = new Uint8Array(range.key);
    this.#range = { ...range, key, rangeEnd: new Uint8Array(range.rangeEnd) };
    this.#left = Math.max(0, range.limit);
    if (wire.serializable) this.#part();
    else {
      this.#context.linearizable(
        (error) => this.#end(error),
        () => this.#part(),
      );
    }
  }

  halfClosed(): void {
    if (this.#range === null) this.#end(malformedRequest);
  }

  drained(): void {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    this.#later();
  }

  closed(): void {
    this.#isOver = true;
  }

  /** Others have their turns in between. */
  #later(): void {
    this.#context.options.timers.defer(() => this.#part());
  }

  #part(): void {
    const range = this.#range;
    if (this.#isOver || range === null) return;
    const { guard, store, options } = this.#context;
    const isCorrupt = options.machine.alarms.isCorrupt;
    const refusal = isCorrupt
      ? rpcErrors.corruptCluster
      : guard.readRefusal(this.#call.context, range);
    if (refusal !== null) {
      this.#end(refusal);
      return;
    }
    const limit = this.#left === 0 ? this.#keys : Math.min(this.#keys, this.#left);
    const result = store.range({ ...range, limit });
    if (result.kind === 'refused') {
      this.#end(rpcErrorOfRefusal(result.refusal));
      return;
    }
    const { keyValues, more, revision } = result;
    if (!this.#isBegun) this.#count = result.count;
    this.#isBegun = true;
    const last = keyValues.at(-1);
    const isLast = !more || last === undefined || limit === this.#left;
    if (isLast) {
      const rangeResponse = this.#lastPart(keyValues, more, revision);
      this.#call.send(encodeMessage(etcd.RangeStreamResponse, { rangeResponse }));
      this.#end(null);
      return;
    }
    const pinned = range.revision > 0 ? range.revision : revision;
    this.#range = { ...range, key: behind(last.key), revision: pinned };
    if (this.#left !== 0) this.#left -= keyValues.length;
    const part = encodeMessage(etcd.RangeStreamResponse, { rangeResponse: { kvs: keyValues } });
    const perKey = part.length / keyValues.length;
    this.#keys = Math.max(1, Math.min(mostKeys, 2 * limit, Math.floor(partBytes / perKey)));
    if (this.#call.send(part)) this.#later();
    else this.#isBlocked = true;
  }

  #lastPart(kvs: readonly KeyValue[], more: boolean, revision: number): Init<etcd.RangeResponse> {
    const { clusterId, memberId } = this.#context.options.identity;
    const header = { clusterId, memberId, revision, raftTerm: this.#context.leadership.term };
    return { header, kvs, more, count: this.#count };
  }

  #end(error: RpcError | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#call.end(error);
  }
}

/** Only what comes in the order of the keys can be sent before all of it was seen. */
function refusalOf(wire: etcd.RangeRequest): RpcError | null {
  const refusal = validate(rangeFromWire(wire));
  if (refusal !== null) return rpcErrorOfRefusal(refusal);
  const invalid = refuseRange(wire);
  if (invalid !== null) return invalid;
  const { NONE, ASCEND } = etcd.RangeRequestSortOrder;
  const isByKey = wire.sortTarget === etcd.RangeRequestSortTarget.KEY;
  const isNatural = wire.sortOrder === NONE || (wire.sortOrder === ASCEND && isByKey);
  if (!isNatural) return unsupported('custom sort orders');
  const bounds = [
    wire.minModRevision,
    wire.maxModRevision,
    wire.minCreateRevision,
    wire.maxCreateRevision,
  ];
  return bounds.some((bound) => bound !== 0) ? unsupported('revision filters') : null;
}

function behind(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
