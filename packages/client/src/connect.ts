import { assert } from '@quorate/base';
import { etcd } from '@quorate/schema';
import { Caller, type Method } from './caller.ts';
import type {
  ClientMember,
  ClientOptions,
  EndpointStatus,
  GetOptions,
  QuorateClient,
} from './client.ts';
import { parseEndpoint } from './endpoint-address.ts';

const defaultTimeoutMs = 5000;
const noBytes = new Uint8Array(0);

const putMethod: Method<etcd.PutRequest, etcd.PutResponse> = {
  path: '/etcdserverpb.KV/Put',
  request: etcd.PutRequest,
  answer: etcd.PutResponse,
};
const rangeMethod: Method<etcd.RangeRequest, etcd.RangeResponse> = {
  path: '/etcdserverpb.KV/Range',
  request: etcd.RangeRequest,
  answer: etcd.RangeResponse,
};
const deleteRangeMethod: Method<etcd.DeleteRangeRequest, etcd.DeleteRangeResponse> = {
  path: '/etcdserverpb.KV/DeleteRange',
  request: etcd.DeleteRangeRequest,
  answer: etcd.DeleteRangeResponse,
};
const statusMethod: Method<etcd.StatusRequest, etcd.StatusResponse> = {
  path: '/etcdserverpb.Maintenance/Status',
  request: etcd.StatusRequest,
  answer: etcd.StatusResponse,
};
const memberListMethod: Method<etcd.MemberListRequest, etcd.MemberListResponse> = {
  path: '/etcdserverpb.Cluster/MemberList',
  request: etcd.MemberListRequest,
  answer: etcd.MemberListResponse,
};

function revisionOf({ header }: { readonly header: etcd.ResponseHeader | null }): number {
  return header?.revision ?? 0;
}

class Client implements QuorateClient {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async put(key: Uint8Array, value: Uint8Array): ReturnType<QuorateClient['put']> {
    return { revision: revisionOf(await this.#caller.write(putMethod, { key, value })) };
  }

  async get(key: Uint8Array, options: GetOptions = {}): ReturnType<QuorateClient['get']> {
    const answer = await this.#caller.read(rangeMethod, { key, ...options });
    const { count, more } = answer;
    return { keyValues: [...answer.kvs], count, more, revision: revisionOf(answer) };
  }

  async delete(key: Uint8Array, rangeEnd = noBytes): ReturnType<QuorateClient['delete']> {
    const answer = await this.#caller.write(deleteRangeMethod, { key, rangeEnd });
    return { deleted: answer.deleted, revision: revisionOf(answer) };
  }

  async status(endpoint: string): Promise<EndpointStatus> {
    const address = parseEndpoint(endpoint);
    const answer = await this.#caller.readFrom(address, statusMethod, {});
    return {
      endpoint,
      memberId: answer.header?.memberId ?? 0n,
      version: answer.version,
      dbSizeBytes: answer.dbSize,
      leader: answer.leader,
      raftTerm: answer.raftTerm,
      raftIndex: answer.raftIndex,
      raftAppliedIndex: answer.raftAppliedIndex,
    };
  }

  async members(): Promise<ClientMember[]> {
    const { members } = await this.#caller.read(memberListMethod, { linearizable: true });
    return members.map(({ ID, name, peerURLs, clientURLs, isLearner }) => {
      return { id: ID, name, peerUrls: peerURLs, clientUrls: clientURLs, isLearner };
    });
  }

  async close(): Promise<void> {
    this.#caller.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Makes a client; a connection is made when the first call needs one.
 *
 * @throws ClientError CLIENT_ENDPOINT_INVALID
 */
export function connect(options: ClientOptions): QuorateClient {
  assert(options.endpoints.length > 0, 'a client has at least one endpoint');
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  assert(timeoutMs > 0, 'a client has time for a call');
  return new Client(new Caller(options.endpoints.map(parseEndpoint), timeoutMs));
}
