import type {
  CallOutcome,
  ClientStream,
  ClientTransport,
  StreamListener,
  TransportConnection,
  TransportEndpoint,
} from '@quorate/client';
import { type Codec, decodeMessage, encodeMessage, etcd, type Init } from '@quorate/schema';
import { FakeWatchStream } from './fake-watch-stream.ts';

/** Calls are answered by this; null: the usual answer, if there is one. */
export type Script = (call: {
  readonly address: string;
  readonly path: string;
  readonly request: Uint8Array;
  readonly token: string;
}) => CallOutcome | null | Promise<CallOutcome | null>;

export function answered<T>(codec: Codec<T>, message: Init<T>): CallOutcome {
  return { code: 0, answer: encodeMessage(codec, message) };
}

export function outcomeOf(code: number, reason: string): CallOutcome {
  return { code, reason };
}

/** A stream as its server has it. */
export interface ServedStream {
  readonly address: string;
  readonly path: string;
  readonly token: string;
  readonly listener: StreamListener;
  /** Nothing passes any more, and nobody is told. */
  isHalfOpen: boolean;
  isOver: boolean;
  received(bytes: Uint8Array): void;
}

const decoder = new TextDecoder();

/** A store with all its history, and servers that show it, as obvious as can be. */
export class FakeCluster implements ClientTransport {
  revision = 1;
  compactRevision = 0;
  readonly history: etcd.Event[] = [];
  readonly down = new Set<string>();
  readonly streams: ServedStream[] = [];
  readonly connected: string[] = [];
  script: Script = () => null;
  /** What keep-alives are answered with; null: nothing. */
  keptSeconds: (id: bigint) => number | null = () => null;
  /** How many events an answer has at most, and whether it is cut inside of a revision. */
  eventsPerAnswer = 1000;
  /** What a stream is ended with as soon as it begins; null: it is served. */
  streamRefusal: (stream: { path: string; token: string }) => [number, string] | null = () => null;
  readonly #versions = new Map<string, etcd.KeyValue>();

  /** One revision with several changes; a null value deletes. */
  change(changes: readonly (readonly [key: string, value: string | null])[]): void {
    this.revision += 1;
    for (const [key, value] of changes) this.#change(key, value);
    this.pump();
  }

  compact(revision: number): void {
    this.compactRevision = Math.max(this.compactRevision, revision);
  }

  /** Streams that are served, of one method. */
  open(path: string): ServedStream[] {
    return this.streams.filter((stream) => stream.path === path && !stream.isOver);
  }

  cut(stream: ServedStream, code = 14, reason = 'the connection was lost'): void {
    if (stream.isOver) return;
    stream.isOver = true;
    stream.listener.ended(code, reason);
  }

  /** Tells watches what they have not been told. */
  pump(): void {
    for (const stream of this.streams) if (stream instanceof FakeWatchStream) stream.pump();
  }

  endpoint(address: string): TransportEndpoint {
    return {
      address,
      connect: async () => {
        this.connected.push(address);
        return this.down.has(address) ? null : this.#connection(address);
      },
      close: () => undefined,
    };
  }

  #connection(address: string): TransportConnection {
    return {
      call: async (path, request, { token }) => {
        const outcome = await this.script({ address, path, request, token });
        return outcome ?? outcomeOf(12, `unknown method ${path}`);
      },
      stream: (path, { token }, listener) => this.#stream(address, path, token, listener),
    };
  }

  #stream(address: string, path: string, token: string, listener: StreamListener): ClientStream {
    const stream =
      path === '/etcdserverpb.Watch/Watch'
        ? new FakeWatchStream(this, address, token, listener)
        : this.#keepAlives(address, path, token, listener);
    this.streams.push(stream);
    const refusal = this.streamRefusal({ path, token });
    if (refusal !== null) queueMicrotask(() => this.cut(stream, ...refusal));
    return {
      send: (message) => {
        const isLost = stream.isOver || stream.isHalfOpen || refusal !== null;
        if (!isLost) queueMicrotask(() => stream.received(message));
      },
      cancel: () => {
        stream.isOver = true;
      },
    };
  }

  #keepAlives(
    address: string,
    path: string,
    token: string,
    listener: StreamListener,
  ): ServedStream {
    const received = (bytes: Uint8Array): void => {
      const ID = decodeMessage(etcd.LeaseKeepAliveRequest, bytes)?.ID ?? 0n;
      const TTL = this.keptSeconds(ID);
      if (TTL === null || stream.isHalfOpen || stream.isOver) return;
      listener.message(encodeMessage(etcd.LeaseKeepAliveResponse, { ID, TTL }));
    };
    const stream = { address, path, token, listener, received, isHalfOpen: false, isOver: false };
    return stream;
  }

  #change(name: string, value: string | null): void {
    const key = new TextEncoder().encode(name);
    const prevKv = this.#versions.get(name) ?? null;
    const modRevision = this.revision;
    if (value === null) {
      if (prevKv === null) return;
      this.#versions.delete(name);
      const kv = {
        key,
        value: new Uint8Array(0),
        modRevision,
        createRevision: 0,
        version: 0,
        lease: 0n,
      };
      this.history.push({ type: 1, kv, prevKv });
      return;
    }
    const kv = {
      key,
      value: new TextEncoder().encode(value),
      modRevision,
      createRevision: prevKv?.createRevision ?? modRevision,
      version: (prevKv?.version ?? 0) + 1,
      lease: 0n,
    };
    this.#versions.set(name, kv);
    this.history.push({ type: 0, kv, prevKv });
  }
}

/** One event in words, to compare. */
export function wordsOf(type: number | string, key: Uint8Array, revision: number): string {
  const kind = type === 0 || type === 'put' ? 'put' : 'delete';
  return `${revision} ${kind} ${decoder.decode(key)}`;
}
