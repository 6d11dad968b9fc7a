import { present } from '@quorate/base';
import { decodeMessage, etcd } from '@quorate/schema';
import type { CallContext, StreamMethod, UnaryDone, UnaryMethod } from '../method.ts';
import { malformedRequest, type RpcError } from '../rpc-error.ts';
import type { ServiceContext } from '../service-context.ts';
import { type LocalCalls, madeAt, unknown } from './local-calls.ts';
import { firstMade, keyOf, prefixOf } from './queue-keys.ts';
import { QueueWait } from './queue-wait.ts';
import { sessionLease } from './session-lease.ts';
import { asStream } from './waiting-method.ts';

const sessionExpired = unknown('mutex: session is expired');

/** Locks that the server waits for in a client's place. */
export class LockService {
  readonly #context: Pick<ServiceContext, 'answer'>;
  readonly #calls: LocalCalls;

  constructor(context: Pick<ServiceContext, 'answer'>, calls: LocalCalls) {
    this.#context = context;
    this.#calls = calls;
  }

  methods(): [path: string, method: UnaryMethod][] {
    return [['/v3lockpb.Lock/Unlock', (request, done, call) => this.#unlock(request, done, call)]];
  }

  streams(): [path: string, method: StreamMethod][] {
    const lock = asStream((request, done, call) => this.#lock(request, done, call));
    return [['/v3lockpb.Lock/Lock', lock]];
  }

  #lock(request: Uint8Array, done: UnaryDone, call: CallContext): () => void {
    const wire = decodeMessage(etcd.LockRequest, request);
    if (wire === null) {
      done(malformedRequest, null);
      return () => undefined;
    }
    const prefix = prefixOf(wire.name);
    const answer = (error: RpcError | null, key: Uint8Array, revision: number): void => {
      if (error !== null) done(error, null);
      else this.#context.answer(etcd.LockResponse, { key }, revision, done);
    };
    const acquisition = new Acquisition(this.#calls, call, prefix, answer);
    acquisition.begin(wire.lease);
    return () => acquisition.cancel();
  }

  #unlock(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.UnlockRequest, request);
    if (wire === null) {
      done(malformedRequest, null);
      return;
    }
    this.#calls.delete(call, wire.key, (error, answer) => {
      if (error !== null) done(error, null);
      else this.#context.answer(etcd.UnlockResponse, {}, answer?.header?.revision ?? 0, done);
    });
  }
}

type Acquired = (error: RpcError | null, key: Uint8Array, revision: number) => void;

const nothing = (): void => undefined;

/** One who waits for a lock. */
class Acquisition {
  readonly #calls: LocalCalls;
  readonly #call: CallContext;
  readonly #prefix: Uint8Array;
  readonly #done: Acquired;
  #key: Uint8Array = new Uint8Array(0);
  #wait: QueueWait | null = null;
  #createRevision = 0;
  #isCanceled = false;

  constructor(calls: LocalCalls, call: CallContext, prefix: Uint8Array, done: Acquired) {
    this.#calls = calls;
    this.#call = call;
    this.#prefix = prefix;
    this.#done = done;
  }

  begin(lease: bigint): void {
    sessionLease(this.#calls, this.#call, lease, (error, granted) => {
      if (error !== null) this.#done(error, this.#key, 0);
      else if (!this.#isCanceled) this.#enqueue(present(granted, 'there is no error'));
    });
  }

  /** Who waits leaves the queue. Who has the lock already keeps it. */
  cancel(): void {
    if (this.#isCanceled) return;
    this.#isCanceled = true;
    if (this.#wait === null) return;
    this.#wait.cancel();
    this.#leave();
  }

  #enqueue(lease: bigint): void {
    const key = keyOf(this.#prefix, lease);
    this.#key = key;
    const owner = { requestRange: firstMade(this.#prefix) };
    const txn = {
      compare: [madeAt(key, 0)],
      success: [{ requestPut: { key, lease } }, owner],
      failure: [{ requestRange: { key } }, owner],
    };
    this.#calls.txn(this.#call, txn, (error, answer) => {
      if (error !== null || answer === null) {
        this.#done(error, key, 0);
        return;
      }
      const [own, first] = answer.responses.map(({ responseRange }) => responseRange?.kvs[0]);
      const revision = answer.header?.revision ?? 0;
      this.#createRevision = answer.succeeded ? revision : (own?.createRevision ?? 0);
      if (first === undefined || first.createRevision === this.#createRevision) {
        // A client that has gone will not release what it was never told to have.
        if (this.#isCanceled && answer.succeeded) this.#leave();
        else this.#done(null, key, revision);
      } else if (this.#isCanceled) this.#leave();
      else this.#await();
    });
  }

  #await(): void {
    this.#wait = new QueueWait({
      calls: this.#calls,
      call: this.#call,
      prefix: this.#prefix,
      createRevision: this.#createRevision,
      done: (error) => {
        this.#wait = null;
        if (error === null) this.#confirm();
        else this.#fail(error);
      },
    });
    this.#wait.begin();
  }

  /** Its turn has come, if the lease has not ended meanwhile. */
  #confirm(): void {
    const key = this.#key;
    this.#calls.range(this.#call, { key }, (error, answer) => {
      if (error !== null) this.#fail(error);
      else if (answer?.kvs[0]?.createRevision !== this.#createRevision) {
        this.#done(sessionExpired, key, 0);
      } else if (this.#isCanceled) this.#leave();
      else this.#done(null, key, answer.header?.revision ?? 0);
    });
  }

  #fail(error: RpcError): void {
    this.#leave();
    this.#done(error, this.#key, 0);
  }

  #leave(): void {
    this.#calls.withdraw(this.#call, this.#key, this.#createRevision, nothing);
  }
}
