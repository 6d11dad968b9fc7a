import {
  etcd as codecs,
  decodeMessage,
  encodeMessage,
  type etcd,
  type Init,
} from '@quorate/schema';
import type { Connection, Outcome, StreamListener } from '../clients/connection.ts';
import { bytes, type Method, methods, streamPaths, textIn } from '../clients/methods.ts';
import type { CanaryName } from './canary.ts';

/** Every so many chances one is taken: rare enough to be looked for. */
const everyNth = 5;
const earlyEndMs = 200;
const phantomValue = '987654321';

/**
 * Stands between clients and members and tells them, now and then, what did not happen: a run with
 * it must end with a violation.
 */
export class Liar {
  readonly #canary: CanaryName;
  readonly #earlier = new Map<string, etcd.RangeResponse>();
  #chances = 0;
  lies = 0;

  constructor(canary: CanaryName) {
    this.#canary = canary;
  }

  wrap(connection: Connection): Connection {
    return {
      call: (method, request, timeoutMs) => this.#call(connection, method, request, timeoutMs),
      stream: (path, listener) =>
        connection.stream(path, path === streamPaths.watch ? this.#listener(listener) : listener),
      close: () => connection.close(),
    };
  }

  #isTimeFor(canary: CanaryName): boolean {
    if (canary !== this.#canary) return false;
    this.#chances += 1;
    if (this.#chances % everyNth !== 0) return false;
    this.lies += 1;
    return true;
  }

  async #call<Q, A extends { readonly header: etcd.ResponseHeader | null }>(
    connection: Connection,
    method: Method<Q, A>,
    request: Init<Q>,
    timeoutMs?: number,
  ): Promise<Outcome<A>> {
    const sent = encodeMessage(method.request, request);
    if (method.path === methods.put.path) {
      const put = decodeMessage(codecs.PutRequest, sent);
      const isRegister = put !== null && textIn(put.key).startsWith('r/');
      if (isRegister && this.#isTimeFor('lost-write')) return this.#swallow(connection, method);
      if (isRegister && this.#isTimeFor('phantom-write')) {
        await connection.call(methods.put, { key: put.key, value: bytes(phantomValue) });
      }
    }
    const outcome = await connection.call(method, request, timeoutMs);
    if (outcome.kind !== 'ok') return outcome;
    const answer = encodeMessage(method.answer, outcome.answer as Init<A>);
    const told = this.#retell(connection, method.path, sent, answer);
    const decoded = told === null ? null : decodeMessage(method.answer, told);
    return decoded === null ? outcome : { kind: 'ok', answer: decoded };
  }

  /** Says that it was written, as of now, and has sent nothing. */
  async #swallow<Q, A extends { readonly header: etcd.ResponseHeader | null }>(
    connection: Connection,
    method: Method<Q, A>,
  ): Promise<Outcome<A>> {
    const read = await connection.call(methods.range, { key: bytes('none') });
    if (read.kind !== 'ok') return read;
    const { header } = read.answer;
    const answer = decodeMessage(method.answer, encodeMessage(codecs.PutResponse, { header }));
    return answer === null ? { kind: 'info', error: 'none' } : { kind: 'ok', answer };
  }

  /** @returns another answer, or null: the true one */
  #retell(
    connection: Connection,
    path: string,
    sent: Uint8Array,
    answer: Uint8Array,
  ): Uint8Array | null {
    if (path === methods.range.path) return this.#retellRange(sent, answer);
    if (path === methods.txn.path) return this.#retellTxn(sent, answer);
    if (path !== methods.grant.path || !this.#isTimeFor('early-expiry')) return null;
    const granted = decodeMessage(codecs.LeaseGrantResponse, answer);
    const timer = setTimeout(() => {
      void connection.call(methods.revoke, { ID: granted?.ID ?? 0n });
    }, earlyEndMs);
    timer.unref();
    return null;
  }

  #retellRange(sent: Uint8Array, bytesOfAnswer: Uint8Array): Uint8Array | null {
    const range = decodeMessage(codecs.RangeRequest, sent);
    const answer = decodeMessage(codecs.RangeResponse, bytesOfAnswer);
    if (range === null || answer === null || range.serializable) return null;
    const key = textIn(range.key);
    if (!key.startsWith('r/')) return null;
    const earlier = this.#earlier.get(key);
    if (earlier === undefined) this.#earlier.set(key, answer);
    else if (this.#isTimeFor('stale-read')) return encodeMessage(codecs.RangeResponse, earlier);
    return null;
  }

  #retellTxn(sent: Uint8Array, bytesOfAnswer: Uint8Array): Uint8Array | null {
    const txn = decodeMessage(codecs.TxnRequest, sent);
    const answer = decodeMessage(codecs.TxnResponse, bytesOfAnswer);
    const put = txn?.success[0]?.requestPut;
    if (answer === null || answer.succeeded || put === null || put === undefined) return null;
    if (!textIn(put.key).startsWith('m/') || !this.#isTimeFor('double-lock')) return null;
    return encodeMessage(codecs.TxnResponse, { ...answer, succeeded: true });
  }

  #listener(listener: StreamListener): StreamListener {
    return {
      ended: (error) => listener.ended(error),
      message: (message) => {
        const answer = decodeMessage(codecs.WatchResponse, message);
        if (answer === null || answer.events.length === 0) {
          listener.message(message);
          return;
        }
        const twice = this.#isTimeFor('double-event');
        for (let left = twice ? 2 : 1; left > 0; left--) {
          listener.message(encodeMessage(codecs.WatchResponse, this.#altered(answer)));
        }
      },
    };
  }

  #altered(answer: etcd.WatchResponse): etcd.WatchResponse {
    const { events } = answer;
    if (this.#isTimeFor('lost-event')) return { ...answer, events: events.slice(1) };
    const [first] = events;
    const hasPrevious = first?.prevKv !== null && first?.prevKv !== undefined;
    if (!hasPrevious || !this.#isTimeFor('wrong-previous')) return answer;
    const prevKv = { ...first.prevKv, value: bytes('0'), lease: 0n };
    return { ...answer, events: [{ ...first, prevKv }, ...events.slice(1)] };
  }
}
