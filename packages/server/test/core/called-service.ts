import { systemCrypto } from '@quorate/node';
import { type Codec, decodeMessage, encodeMessage, etcd, type Init } from '@quorate/schema';
import { EtcdService, type RpcError, type ServiceOptions } from '@quorate/server/core';
import { servedGroupOf } from '../../src/node-group.ts';
import { InProcessGroup, nodeId } from '../in-process-node.ts';
import { ManualTime } from './manual-time.ts';
import { FakeMembership } from './membership/fake-membership.ts';

export const clusterId = 0xfedc_ba98_7654_3210n;
export const maxCommandBytes = 1000;

const bytesOf = new TextEncoder();

export function text(value: string): Uint8Array {
  return bytesOf.encode(value);
}

export function string(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

type Answer<T> = { error: RpcError; value: null } | { error: null; value: T };

/** The service over a group in this process, called as a transport would. */
export class CalledService implements Disposable {
  readonly group = new InProcessGroup();
  readonly time = new ManualTime();
  readonly membership = new FakeMembership(this.group);
  readonly service: EtcdService;

  constructor(options: Partial<ServiceOptions> = {}) {
    this.service = new EtcdService({ ...this.#usual(), ...options });
  }

  /** With real timers it would go on for as long as the process lives. */
  [Symbol.dispose](): void {
    this.service.stop();
  }

  #usual(): ServiceOptions {
    return {
      identity: { clusterId, memberId: BigInt(nodeId) },
      group: servedGroupOf(this.group),
      machine: this.group.machine,
      store: this.group.store,
      membership: this.membership,
      version: '3.6.14',
      maxCommandBytes,
      quotaBytes: 0,
      tuning: { electionTimeoutMs: 1000, maxClockDrift: 0 },
      clock: this.time.clock,
      timers: this.time.timers,
      crypto: systemCrypto,
    };
  }

  bytes(path: string, request: Uint8Array, requireLeader = false): Promise<Answer<Uint8Array>> {
    return new Promise((resolve) => {
      const call = { requireLeader, token: '', commonName: '' };
      this.service.unary(path)(request, call, (error, answer) => {
        if (error !== null) resolve({ error, value: null });
        else resolve({ error: null, value: answer as Uint8Array });
      });
    });
  }

  async call<Q, A>(
    path: string,
    request: Codec<Q>,
    message: Init<Q>,
    answer: Codec<A>,
  ): Promise<Answer<A>> {
    const { error, value } = await this.bytes(path, encodeMessage(request, message));
    if (error !== null) return { error, value: null };
    const decoded = decodeMessage(answer, value);
    if (decoded === null) throw new Error(`the answer of ${path} is malformed`);
    return { error: null, value: decoded };
  }

  range(message: Init<etcd.RangeRequest>): Promise<Answer<etcd.RangeResponse>> {
    return this.call('/etcdserverpb.KV/Range', etcd.RangeRequest, message, etcd.RangeResponse);
  }

  put(message: Init<etcd.PutRequest>): Promise<Answer<etcd.PutResponse>> {
    return this.call('/etcdserverpb.KV/Put', etcd.PutRequest, message, etcd.PutResponse);
  }

  deleteRange(message: Init<etcd.DeleteRangeRequest>): Promise<Answer<etcd.DeleteRangeResponse>> {
    const { DeleteRangeRequest, DeleteRangeResponse } = etcd;
    return this.call(
      '/etcdserverpb.KV/DeleteRange',
      DeleteRangeRequest,
      message,
      DeleteRangeResponse,
    );
  }

  txn(message: Init<etcd.TxnRequest>): Promise<Answer<etcd.TxnResponse>> {
    return this.call('/etcdserverpb.KV/Txn', etcd.TxnRequest, message, etcd.TxnResponse);
  }

  compact(message: Init<etcd.CompactionRequest>): Promise<Answer<etcd.CompactionResponse>> {
    const { CompactionRequest, CompactionResponse } = etcd;
    return this.call('/etcdserverpb.KV/Compact', CompactionRequest, message, CompactionResponse);
  }
}
