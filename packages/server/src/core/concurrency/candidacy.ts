import { compareBytes, present } from '@quorate/base';
import type { CallContext } from '../method.ts';
import type { RpcError } from '../rpc-error.ts';
import { type LocalCalls, madeAt, unknown } from './local-calls.ts';
import { keyOf } from './queue-keys.ts';
import { QueueWait } from './queue-wait.ts';
import { sessionLease } from './session-lease.ts';

const notLeader = unknown('election: not leader');

/** What a candidate holds. `revision` is the one at which it came forward. */
export interface Candidate {
  readonly key: Uint8Array;
  readonly lease: bigint;
  readonly createRevision: number;
  readonly revision: number;
}

export interface CandidacyOptions {
  readonly calls: LocalCalls;
  readonly call: CallContext;
  readonly prefix: Uint8Array;
  readonly value: Uint8Array;
  done(error: RpcError | null, candidate: Candidate): void;
}

const nothing = (): void => undefined;

/** One who wants to be elected, and waits until all who came before have gone. */
export class Candidacy {
  readonly #options: CandidacyOptions;
  #candidate: Candidate = {
    key: new Uint8Array(0),
    lease: 0n,
    createRevision: 0,
    revision: 0,
  };
  #wait: QueueWait | null = null;
  #isCanceled = false;

  constructor(options: CandidacyOptions) {
    this.#options = options;
  }

  begin(asked: bigint): void {
    const { calls, call } = this.#options;
    sessionLease(calls, call, asked, (error, lease) => {
      if (error !== null) this.#options.done(error, this.#candidate);
      else if (!this.#isCanceled) this.#comeForward(present(lease, 'there is no error'));
    });
  }

  /** Whose client has gone cannot lead. */
  cancel(): void {
    this.#isCanceled = true;
    if (this.#wait === null) return;
    this.#wait.cancel();
    this.#resign();
  }

  #comeForward(lease: bigint): void {
    const { calls, call, prefix, value, done } = this.#options;
    const key = keyOf(prefix, lease);
    const txn = {
      compare: [madeAt(key, 0)],
      success: [{ requestPut: { key, value, lease } }],
      failure: [{ requestRange: { key } }],
    };
    calls.txn(call, txn, (error, answer) => {
      if (error !== null || answer === null) {
        done(error, this.#candidate);
        return;
      }
      const revision = answer.header?.revision ?? 0;
      const own = answer.responses[0]?.responseRange?.kvs[0];
      const createRevision = answer.succeeded ? revision : (own?.createRevision ?? 0);
      this.#candidate = { key, lease, createRevision, revision };
      if (this.#isCanceled) this.#resign();
      else if (own === undefined || compareBytes(own.value, value) === 0) this.#await();
      else this.#proclaim();
    });
  }

  /** It was a candidate already, with something else to say. */
  #proclaim(): void {
    const { calls, call, value } = this.#options;
    const { key, lease, createRevision } = this.#candidate;
    const success = [{ requestPut: { key, value, lease } }];
    calls.txn(call, { compare: [madeAt(key, createRevision)], success }, (error, answer) => {
      if (error === null && answer?.succeeded === true && !this.#isCanceled) this.#await();
      else {
        this.#resign();
        this.#options.done(error ?? notLeader, this.#candidate);
      }
    });
  }

  #await(): void {
    const { calls, call, prefix, done } = this.#options;
    const { createRevision } = this.#candidate;
    this.#wait = new QueueWait({
      calls,
      call,
      prefix,
      createRevision,
      done: (error) => {
        this.#wait = null;
        done(error, this.#candidate);
      },
    });
    this.#wait.begin();
  }

  #resign(): void {
    const { calls, call } = this.#options;
    const { key, createRevision } = this.#candidate;
    calls.withdraw(call, key, createRevision, nothing);
  }
}
