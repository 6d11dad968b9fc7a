import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { Address } from '@quorate/base';
import { type Codec, decodeMessage, encodeMessage, etcd, type Init } from '@quorate/schema';

const asIs = (bytes: Buffer): Buffer => bytes;

export type RawOutcome = { error: ServiceError; bytes: null } | { error: null; bytes: Buffer };

/** A client that knows nothing but bytes. */
export class RawClient {
  readonly #client: Client;

  constructor({ host, port }: Address) {
    this.#client = new Client(`${host}:${port}`, credentials.createInsecure());
  }

  call(
    path: string,
    request: Uint8Array,
    metadata: Record<string, string> = {},
  ): Promise<RawOutcome> {
    const sent = new Metadata();
    for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
    return new Promise((resolve) => {
      const bytes = Buffer.from(request);
      this.#client.makeUnaryRequest(path, asIs, asIs, bytes, sent, (error, answer) => {
        if (error !== null) resolve({ error, bytes: null });
        else resolve({ error: null, bytes: answer as Buffer });
      });
    });
  }

  /** Opens a call in both directions and gives how it ends. */
  stream(path: string): Promise<ServiceError> {
    return new Promise((resolve) => {
      const call = this.#client.makeBidiStreamRequest(path, asIs, asIs, new Metadata());
      call.on('error', (error: ServiceError) => resolve(error));
      call.on('data', () => undefined);
      call.write(Buffer.alloc(0));
    });
  }

  close(): void {
    this.#client.close();
  }
}

/** The few calls that tests of the whole need, each refusal an exception. */
export class TestClient implements Disposable {
  readonly #raw: RawClient;

  constructor(address: Address) {
    this.#raw = new RawClient(address);
  }

  /** @returns the revision */
  async put(key: string, value: string): Promise<number> {
    const message = { key: Buffer.from(key), value: Buffer.from(value) };
    const path = '/etcdserverpb.KV/Put';
    const answer = await this.#ask(path, etcd.PutRequest, message, etcd.PutResponse);
    return answer.header?.revision ?? 0;
  }

  async get(key: string, revision = 0): Promise<{ value: string; revision: number }> {
    const message = { key: Buffer.from(key), revision };
    const path = '/etcdserverpb.KV/Range';
    const { kvs, header } = await this.#ask(path, etcd.RangeRequest, message, etcd.RangeResponse);
    return { value: String(kvs[0]?.value ?? ''), revision: header?.revision ?? 0 };
  }

  async members(): Promise<readonly etcd.Member[]> {
    const path = '/etcdserverpb.Cluster/MemberList';
    const { MemberListRequest, MemberListResponse } = etcd;
    const message = { linearizable: true };
    return (await this.#ask(path, MemberListRequest, message, MemberListResponse)).members;
  }

  [Symbol.dispose](): void {
    this.#raw.close();
  }

  async #ask<Q, A>(path: string, request: Codec<Q>, message: Init<Q>, codec: Codec<A>): Promise<A> {
    const { error, bytes } = await this.#raw.call(path, encodeMessage(request, message));
    if (error !== null) throw error;
    const answer = decodeMessage(codec, bytes);
    if (answer === null) throw new Error(`the answer of ${path} is malformed`);
    return answer;
  }
}
