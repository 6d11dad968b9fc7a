import { assert } from '@quorate/base';
import type { etcd, Init } from '@quorate/schema';
import { revisionOf } from '../calls/methods.ts';
import type { Comparison } from './compare.ts';
import type { BytesLike, KeyOrRange } from './key-range.ts';
import type {
  DeleteOptions,
  DeleteResult,
  GetOptions,
  GetResult,
  PutOptions,
  PutResult,
} from './key-value.ts';
import {
  deleteRequest,
  deleteResult,
  getResult,
  putRequest,
  putResult,
  rangeRequest,
} from './requests.ts';

/** One step of a transaction; `operation` makes it. */
export interface Operation {
  /** As the API has it. */
  readonly wire: Init<etcd.RequestOp>;
  /** It changes nothing. */
  readonly isRead: boolean;
}

/** What one step of a transaction gave, in the order of the steps. */
export type OperationResult =
  | ({ readonly kind: 'get' } & GetResult)
  | ({ readonly kind: 'put' } & PutResult)
  | ({ readonly kind: 'delete' } & DeleteResult)
  | ({ readonly kind: 'txn' } & TxnResult);

/** Which branch was taken, and what its steps gave. */
export interface TxnResult {
  /** All conditions held. */
  readonly succeeded: boolean;
  /** Of all the writes of the transaction, which are one change; of the store without any. */
  readonly revision: number;
  readonly results: OperationResult[];
}

/** Steps of a transaction. */
export const operation = {
  get: (key: KeyOrRange, options: GetOptions = {}): Operation => {
    return { wire: { requestRange: rangeRequest(key, options) }, isRead: true };
  },
  put: (key: BytesLike, value: BytesLike, options: PutOptions = {}): Operation => {
    return { wire: { requestPut: putRequest(key, value, options) }, isRead: false };
  },
  delete: (key: KeyOrRange, options: DeleteOptions = {}): Operation => {
    return { wire: { requestDeleteRange: deleteRequest(key, options) }, isRead: false };
  },
  /** A transaction inside of one: its conditions are looked at before anything is written. */
  txn: ({ when = [], do: steps = [], otherwise = [] }: TxnParts): Operation => {
    return {
      wire: { requestTxn: txnRequest(when, steps, otherwise) },
      isRead: [...steps, ...otherwise].every(({ isRead }) => isRead),
    };
  },
};

/** The parts of a transaction inside of another. */
export interface TxnParts {
  readonly when?: readonly Comparison[];
  readonly do?: readonly Operation[];
  readonly otherwise?: readonly Operation[];
}

function txnRequest(
  when: readonly Comparison[],
  steps: readonly Operation[],
  otherwise: readonly Operation[],
): Init<etcd.TxnRequest> {
  return {
    compare: when.map(({ wire }) => wire),
    success: steps.map(({ wire }) => wire),
    failure: otherwise.map(({ wire }) => wire),
  };
}

/** Sends a transaction; `mayRepeat` when doing it twice is as good as doing it once. */
export type CommitTxn = (
  request: Init<etcd.TxnRequest>,
  mayRepeat: boolean,
) => Promise<etcd.TxnResponse>;

/** A transaction that is being put together: all of it happens at once, or nothing. */
export class Txn {
  readonly #commit: CommitTxn;
  readonly #when: Comparison[] = [];
  readonly #steps: Operation[] = [];
  readonly #otherwise: Operation[] = [];
  #mayRepeat = false;
  #isCommitted = false;

  /** @param commit what sends it */
  constructor(commit: CommitTxn) {
    this.#commit = commit;
  }

  /** Conditions, of which all must hold; a lock's `guard` is one. */
  when(...comparisons: readonly Comparison[]): this {
    this.#when.push(...comparisons);
    return this;
  }

  /** What is done when they hold. */
  do(...operations: readonly Operation[]): this {
    this.#steps.push(...operations);
    return this;
  }

  /** What is done when they do not. */
  otherwise(...operations: readonly Operation[]): this {
    this.#otherwise.push(...operations);
    return this;
  }

  /**
   * Says that doing this twice, at any later time, is as good as doing it once. It is then sent
   * again where else its outcome would be unknown.
   */
  idempotent(): this {
    this.#mayRepeat = true;
    return this;
  }

  /**
   * Sends it, once.
   *
   * @throws ClientError CLIENT_OUTCOME_UNKNOWN, never for one that only reads, and those of a get
   */
  async commit(): Promise<TxnResult> {
    assert(!this.#isCommitted, 'a transaction is committed once');
    this.#isCommitted = true;
    const isRead = [...this.#steps, ...this.#otherwise].every((step) => step.isRead);
    const request = txnRequest(this.#when, this.#steps, this.#otherwise);
    const answer = await this.#commit(request, this.#mayRepeat || isRead);
    return txnResult(answer, revisionOf(answer));
  }
}

function txnResult({ succeeded, responses }: etcd.TxnResponse, revision: number): TxnResult {
  const results = responses.map((response): OperationResult => {
    const { responseRange, responsePut, responseDeleteRange, responseTxn } = response;
    if (responseRange !== null) return { kind: 'get', ...getResult(responseRange, revision) };
    if (responsePut !== null) return { kind: 'put', ...putResult(responsePut, revision) };
    if (responseTxn !== null) return { kind: 'txn', ...txnResult(responseTxn, revision) };
    const deleted = responseDeleteRange ?? { header: null, deleted: 0, prevKvs: [] };
    return { kind: 'delete', ...deleteResult(deleted, revision) };
  });
  return { succeeded, revision, results };
}
