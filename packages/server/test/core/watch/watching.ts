import assert from 'node:assert/strict';
import { present } from '@quorate/base';
import { decodeMessage, encodeMessage, etcd, type Init } from '@quorate/schema';
import type { RpcError, StreamListener } from '@quorate/server/core';
import { CalledService, string, text } from '../called-service.ts';

export const watchPath = '/etcdserverpb.Watch/Watch';

/** One stream of watches, called as a transport would; it reads as slowly as it is told to. */
export class Watching {
  readonly answers: etcd.WatchResponse[] = [];
  readonly sizes: number[] = [];
  ended: RpcError | null | undefined;
  /** So many messages are taken before the stream says that it is full. */
  room = Number.POSITIVE_INFINITY;
  readonly #listener: StreamListener;

  constructor({ service }: Pick<CalledService, 'service'>, requireLeader = false) {
    this.#listener = service.stream(watchPath)({
      context: { requireLeader, token: '', commonName: '' },
      send: (bytes) => {
        assert.equal(this.ended, undefined, 'nothing is sent after the end');
        this.sizes.push(bytes.length);
        this.answers.push(
          present(decodeMessage(etcd.WatchResponse, bytes), 'an answer is well-formed'),
        );
        this.room--;
        return this.room > 0;
      },
      end: (error) => {
        assert.equal(this.ended, undefined, 'a stream ends once');
        this.ended = error;
      },
    });
  }

  ask(request: Init<etcd.WatchRequest>): void {
    this.#listener.message(encodeMessage(etcd.WatchRequest, request));
  }

  raw(request: Uint8Array): void {
    this.#listener.message(request);
  }

  create(key: string, request: Init<etcd.WatchCreateRequest> = {}): void {
    this.ask({ createRequest: { key: text(key), ...request } });
  }

  cancel(watchId: bigint): void {
    this.ask({ cancelRequest: { watchId } });
  }

  progress(): void {
    this.ask({ progressRequest: {} });
  }

  drain(room = Number.POSITIVE_INFINITY): void {
    this.room = room;
    this.#listener.drained();
  }

  halfClose(): void {
    this.#listener.halfClosed();
  }

  close(): void {
    this.#listener.closed();
  }

  /** What has come since the last call, in short. */
  take(): string[] {
    return this.answers.splice(0).map(shortly);
  }
}

/** `id@revision flags: events`, an event being `key=value@revision` or `-key@revision`. */
export function shortly(answer: etcd.WatchResponse): string {
  const { watchId, header, created, canceled, compactRevision, cancelReason, fragment } = answer;
  const flags = [
    created ? ' created' : '',
    canceled ? ' canceled' : '',
    compactRevision === 0 ? '' : ` compacted ${compactRevision}`,
    cancelReason === '' ? '' : ` (${cancelReason})`,
    fragment ? ' fragment' : '',
  ];
  const events = answer.events.map((event) => ` ${eventText(event)}`);
  const colon = events.length === 0 ? '' : ':';
  return `${watchId}@${header?.revision}${flags.join('')}${colon}${events.join('')}`;
}

function eventText({ type, kv, prevKv }: etcd.Event): string {
  const pair = present(kv, 'an event has a key');
  const before = prevKv === null ? '' : `<${string(prevKv.value)}@${prevKv.modRevision}`;
  const where = `@${pair.modRevision}${before}`;
  if (type === etcd.EventType.DELETE) return `-${string(pair.key)}${where}`;
  return `${string(pair.key)}=${string(pair.value)}${where}`;
}

/** A service, and what is done to it, each time until all that follows has been told. */
export class WatchedStore extends CalledService {
  async puts(...pairs: string[]): Promise<void> {
    for (const pair of pairs) {
      const [key = '', value = ''] = pair.split('=');
      await this.put({ key: text(key), value: text(value) });
    }
    await this.settle();
  }

  async deletes(key: string, rangeEnd = ''): Promise<void> {
    await this.deleteRange({ key: text(key), rangeEnd: text(rangeEnd) });
    await this.settle();
  }

  async compacts(revision: number): Promise<void> {
    const { error } = await this.compact({ revision });
    assert.equal(error, null);
    await this.settle();
  }

  settle(): Promise<void> {
    return this.time.advance(0);
  }
}
