import { present } from '@quorate/base';
import { type Codec, decodeMessage, encodeMessage, etcd, type Init } from '@quorate/schema';
import type { CallContext, StreamListener, StreamMethod, UnaryMethod } from '../method.ts';
import { type RpcError, StatusCode } from '../rpc-error.ts';

/** The service's own methods that a recipe is made of. */
export interface RecipeMethods {
  readonly unary: ReadonlyMap<string, UnaryMethod>;
  readonly watch: StreamMethod;
}

/** Exactly one of the two is null. */
export type LocalDone<T> = (error: RpcError | null, answer: T | null) => void;

/** What follows some keys; `null` as its events: it was ended, and nothing more comes. */
export type LocalEvents = (events: readonly etcd.Event[] | null) => boolean;

/** A watch that somebody in this process made. */
export interface LocalWatch {
  /** Who was told to wait takes more. */
  drained(): void;
  end(): void;
}

/**
 * Calls the service's own methods in the name of a client: what it may not do itself, a lock does
 * not do for it.
 *
 * Errors are passed on by their text alone, as `Unknown`: so do servers of etcd, whose recipes are
 * clients of their own, and clients compare it.
 */
export class LocalCalls {
  readonly #methods: RecipeMethods;

  constructor(methods: RecipeMethods) {
    this.#methods = methods;
  }

  range(
    call: CallContext,
    message: Init<etcd.RangeRequest>,
    done: LocalDone<etcd.RangeResponse>,
  ): void {
    const path = '/etcdserverpb.KV/Range';
    this.#call(path, etcd.RangeRequest, message, etcd.RangeResponse, call, done);
  }

  txn(call: CallContext, message: Init<etcd.TxnRequest>, done: LocalDone<etcd.TxnResponse>): void {
    const path = '/etcdserverpb.KV/Txn';
    this.#call(path, etcd.TxnRequest, message, etcd.TxnResponse, call, done);
  }

  delete(call: CallContext, key: Uint8Array, done: LocalDone<etcd.DeleteRangeResponse>): void {
    const path = '/etcdserverpb.KV/DeleteRange';
    const { DeleteRangeRequest, DeleteRangeResponse } = etcd;
    this.#call(path, DeleteRangeRequest, { key }, DeleteRangeResponse, call, done);
  }

  /** Deletes a key if it is the one that was made at this revision. */
  withdraw(
    call: CallContext,
    key: Uint8Array,
    createRevision: number,
    done: LocalDone<etcd.TxnResponse>,
  ): void {
    const compare = [madeAt(key, createRevision)];
    this.txn(call, { compare, success: [{ requestDeleteRange: { key } }] }, done);
  }

  grant(
    call: CallContext,
    message: Init<etcd.LeaseGrantRequest>,
    done: LocalDone<etcd.LeaseGrantResponse>,
  ): void {
    const path = '/etcdserverpb.Lease/LeaseGrant';
    this.#call(path, etcd.LeaseGrantRequest, message, etcd.LeaseGrantResponse, call, done);
  }

  /** @param next returns false when it wants to wait for `drained` */
  watch(
    context: CallContext,
    message: Init<etcd.WatchCreateRequest>,
    next: LocalEvents,
  ): LocalWatch {
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      listener.closed();
    };
    const listener: StreamListener = this.#methods.watch({
      context,
      send: (bytes) => {
        if (isOver) return true;
        const answer = present(decodeMessage(etcd.WatchResponse, bytes), 'it is well-formed');
        if (!answer.canceled) return answer.events.length === 0 || next(answer.events);
        isOver = true;
        next(null);
        return true;
      },
      end: () => {
        if (isOver) return;
        isOver = true;
        next(null);
      },
    });
    listener.message(encodeMessage(etcd.WatchRequest, { createRequest: message }));
    return { drained: () => (isOver ? undefined : listener.drained()), end };
  }

  #call<Q, A>(
    path: string,
    request: Codec<Q>,
    message: Init<Q>,
    answer: Codec<A>,
    call: CallContext,
    done: LocalDone<A>,
  ): void {
    const method = present(this.#methods.unary.get(path), `${path} is a method of this service`);
    method(
      encodeMessage(request, message),
      (error, bytes) => {
        if (error !== null) done(unknown(error.message), null);
        else {
          const decoded = decodeMessage(answer, present(bytes, 'there is no error'));
          done(null, present(decoded, 'the service answers well-formed'));
        }
      },
      call,
    );
  }
}

/** @returns an error that is nothing but its text */
export function unknown(message: string): RpcError {
  return { code: StatusCode.unknown, message };
}

/** @param createRevision 0: the key is not there */
export function madeAt(key: Uint8Array, createRevision: number): Init<etcd.Compare> {
  return { key, target: etcd.CompareTarget.CREATE, createRevision };
}
