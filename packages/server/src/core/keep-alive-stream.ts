import { decodeMessage, etcd } from '@quorate/schema';
import type { LeaseKeepAlives } from './lease-keep-alives.ts';
import type { StreamCall, StreamListener } from './method.ts';
import { malformedRequest, type RpcError, rpcErrors } from './rpc-error.ts';
import type { ServiceContext } from './service-context.ts';

/** Requests of one stream without an answer that its client has read; more end the stream. */
const mostOwed = 10_000;

/** One stream of renewals. */
export class KeepAliveStream implements StreamListener {
  readonly #call: StreamCall;
  readonly #keepAlives: Pick<LeaseKeepAlives, 'renew'>;
  readonly #context: Pick<ServiceContext, 'guard' | 'encode'>;
  /** Requests without an answer, and answers that wait for the client to read. */
  #owed = 0;
  #unread = 0;
  /** How it ends once what was asked before is answered; undefined: it does not. */
  #ending: RpcError | null | undefined;
  #isOver = false;

  constructor(
    call: StreamCall,
    keepAlives: Pick<LeaseKeepAlives, 'renew'>,
    context: Pick<ServiceContext, 'guard' | 'encode'>,
  ) {
    this.#call = call;
    this.#keepAlives = keepAlives;
    this.#context = context;
  }

  message(request: Uint8Array): void {
    if (this.#isOver || this.#ending !== undefined) return;
    const wire = decodeMessage(etcd.LeaseKeepAliveRequest, request);
    if (wire === null) this.#end(malformedRequest);
    else if (this.#owed + this.#unread === mostOwed) this.#end(rpcErrors.tooManyRequests);
    else {
      const refusal = this.#refusal(wire.ID);
      if (refusal === null) this.#renew(wire.ID);
      else this.#endAfterAnswers(refusal);
    }
  }

  halfClosed(): void {
    if (this.#ending === undefined) this.#endAfterAnswers(null);
  }

  drained(): void {
    this.#unread = 0;
  }

  closed(): void {
    this.#isOver = true;
  }

  #refusal(id: bigint): RpcError | null {
    return this.#context.guard.renewalRefusal(this.#call.context, id);
  }

  #renew(id: bigint): void {
    this.#owed += 1;
    this.#keepAlives.renew({
      id,
      isWanted: () => {
        if (this.#isOver) return false;
        const refusal = this.#refusal(id);
        if (refusal !== null) this.#end(refusal);
        return refusal === null;
      },
      renewed: (ttlSeconds, revision) => {
        this.#owed -= 1;
        if (this.#isOver) return;
        const message = { ID: id, TTL: ttlSeconds };
        const bytes = this.#context.encode(etcd.LeaseKeepAliveResponse, message, revision);
        if (!this.#call.send(bytes)) this.#unread += 1;
        if (this.#owed === 0 && this.#ending !== undefined) this.#end(this.#ending);
      },
      failed: (error) => this.#end(error),
    });
  }

  #endAfterAnswers(error: RpcError | null): void {
    this.#ending = error;
    if (this.#owed === 0) this.#end(error);
  }

  #end(error: RpcError | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#call.end(error);
  }
}
