import { decodeMessage, etcd } from '@quorate/schema';
import type { StreamCall, StreamListener, StreamMethod } from '../method.ts';
import { malformedRequest, rpcErrors } from '../rpc-error.ts';
import type { ServiceContext } from '../service-context.ts';
import { type LocalCalls, type LocalWatch, unknown } from './local-calls.ts';
import { below, firstMade, prefixOf } from './queue-keys.ts';

const closedEarly = unknown('election: observe closed early');

/** @returns the method that tells who leads, and each change of that and of what the leader says */
export function observation(
  context: Pick<ServiceContext, 'encode'>,
  calls: LocalCalls,
): StreamMethod {
  return (call) => new Observation(call, context, calls);
}

/** One who follows an election. */
class Observation implements StreamListener {
  readonly #call: StreamCall;
  readonly #context: Pick<ServiceContext, 'encode'>;
  readonly #calls: LocalCalls;
  #prefix: Uint8Array | null = null;
  #watch: LocalWatch | null = null;
  #isOver = false;

  constructor(call: StreamCall, context: Pick<ServiceContext, 'encode'>, calls: LocalCalls) {
    this.#call = call;
    this.#context = context;
    this.#calls = calls;
  }

  message(request: Uint8Array): void {
    const wire = decodeMessage(etcd.LeaderRequest, request);
    if (wire === null) this.#end(malformedRequest);
    else if (this.#prefix !== null) this.#end(rpcErrors.tooManyRequests);
    else {
      this.#prefix = prefixOf(wire.name);
      this.#look(this.#prefix);
    }
  }

  halfClosed(): void {
    if (this.#prefix === null) this.#end(malformedRequest);
  }

  drained(): void {
    this.#watch?.drained();
  }

  closed(): void {
    this.#isOver = true;
    this.#watch?.end();
  }

  #look(prefix: Uint8Array): void {
    this.#calls.range(this.#call.context, firstMade(prefix), (error, answer) => {
      if (this.#isOver) return;
      const kv = answer?.kvs[0];
      const revision = answer?.header?.revision ?? 0;
      if (error !== null) this.#end(closedEarly);
      else if (kv === undefined) this.#awaitFirst(prefix, revision + 1);
      else {
        this.#tell(kv, revision);
        this.#follow(prefix, kv.key, revision + 1);
      }
    });
  }

  /** Nobody leads: the next who comes forward does. */
  #awaitFirst(prefix: Uint8Array, startRevision: number): void {
    const filters = [etcd.WatchCreateRequestFilterType.NODELETE];
    this.#follows({ ...below(prefix), startRevision, filters }, (events) => {
      const kv = events[0]?.kv ?? null;
      if (kv === null) return true;
      const mayGoOn = this.#tell(kv, kv.modRevision);
      this.#watch?.end();
      this.#follow(prefix, kv.key, kv.modRevision + 1);
      return mayGoOn;
    });
  }

  #follow(prefix: Uint8Array, key: Uint8Array, startRevision: number): void {
    this.#follows({ key, startRevision }, (events) => {
      let mayGoOn = true;
      for (const { type, kv } of events) {
        if (type === etcd.EventType.DELETE) {
          this.#watch?.end();
          this.#look(prefix);
          return mayGoOn;
        }
        if (kv !== null) mayGoOn = this.#tell(kv, kv.modRevision);
      }
      return mayGoOn;
    });
  }

  #follows(
    request: Parameters<LocalCalls['watch']>[1],
    next: (events: readonly etcd.Event[]) => boolean,
  ): void {
    this.#watch = this.#calls.watch(this.#call.context, request, (events) => {
      if (this.#isOver) return true;
      if (events !== null) return next(events);
      this.#end(closedEarly);
      return true;
    });
  }

  #tell(kv: etcd.KeyValue, revision: number): boolean {
    return this.#call.send(this.#context.encode(etcd.LeaderResponse, { kv }, revision));
  }

  #end(error: Parameters<StreamCall['end']>[0]): void {
    this.closed();
    this.#call.end(error);
  }
}
