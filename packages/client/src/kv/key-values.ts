import { assert } from '@quorate/base';
import { type Caller, isRefusal } from '../calls/caller.ts';
import { methods, revisionOf } from '../calls/methods.ts';
import { type BytesLike, type KeyOrRange, keyAfter, wireRange } from './key-range.ts';
import type {
  ClientKeyValue,
  DeleteOptions,
  DeleteResult,
  GetOptions,
  GetResult,
  PutOptions,
  PutResult,
  ScanOptions,
} from './key-value.ts';
import {
  deleteRequest,
  deleteResult,
  getResult,
  putRequest,
  putResult,
  rangeRequest,
} from './requests.ts';
import { Txn } from './txn.ts';

const defaultPageSize = 1000;

/** Keys and values, by calls. */
export class KeyValues {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async get(key: KeyOrRange, options: GetOptions = {}): Promise<GetResult> {
    const answer = await this.#caller.read(methods.range, rangeRequest(key, options));
    return getResult(answer, revisionOf(answer));
  }

  async put(key: BytesLike, value: BytesLike, options: PutOptions = {}): Promise<PutResult> {
    const answer = await this.#caller.write(methods.put, putRequest(key, value, options));
    return putResult(answer, revisionOf(answer));
  }

  async delete(key: KeyOrRange, options: DeleteOptions | Uint8Array = {}): Promise<DeleteResult> {
    const request =
      options instanceof Uint8Array
        ? { ...wireRange(key), rangeEnd: options }
        : deleteRequest(key, options);
    const answer = await this.#caller.write(methods.deleteRange, request);
    return deleteResult(answer, revisionOf(answer));
  }

  txn(): Txn {
    return new Txn((request, mayRepeat) =>
      mayRepeat
        ? this.#caller.repeat(methods.txn, request)
        : this.#caller.write(methods.txn, request),
    );
  }

  async *scan(range: KeyOrRange, options: ScanOptions = {}): AsyncGenerator<ClientKeyValue> {
    const { prefix, pageSize: limit = defaultPageSize, ...rest } = options;
    assert(limit > 0, 'a page has at least one key');
    const { key: first, rangeEnd } = wireRange(range, prefix);
    let key = first;
    let { revision = 0 } = rest;
    for (;;) {
      const answer = await this.get(key, { ...rest, rangeEnd, limit, revision });
      if (revision === 0) ({ revision } = answer);
      yield* answer.keyValues;
      const last = answer.keyValues.at(-1);
      if (!answer.more || last === undefined) return;
      key = keyAfter(last.key);
    }
  }

  async compact(revision: number, physical: boolean): Promise<void> {
    try {
      await this.#caller.repeat(methods.compact, { revision, physical });
    } catch (error) {
      // So far or farther already: by an earlier attempt, or by someone else.
      if (!isRefusal(error, 'etcdserver: mvcc: required revision has been compacted')) throw error;
    }
  }
}
