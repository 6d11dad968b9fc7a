import { type Codec, decodeMessage, encodeMessage, etcd, type Init } from '@quorate/schema';
import type { RpcError, StreamListener } from '@quorate/server/core';
import { LeaseCalls } from '../lease-calls.ts';

/** A call that may wait, as a transport sees it. */
export class WaitingCall<Answer> {
  readonly answers: Answer[] = [];
  /** Undefined: it has not ended. */
  ended: RpcError | null | undefined;
  /** What `send` tells of the reader. */
  isFast = true;
  readonly #listener: StreamListener;

  constructor(calls: LeaseCalls, path: string, answer: Codec<Answer>, request: Uint8Array) {
    this.#listener = calls.service.stream(path)({
      context: { requireLeader: false, token: '', commonName: '' },
      send: (bytes) => {
        const message = decodeMessage(answer, bytes);
        if (message === null) throw new Error('an answer is malformed');
        this.answers.push(message);
        return this.isFast;
      },
      end: (error) => {
        this.ended = error;
      },
    });
    this.#listener.message(request);
    this.#listener.halfClosed();
  }

  drained(): void {
    this.#listener.drained();
  }

  cancel(): void {
    this.#listener.closed();
  }
}

/** The service with its locks and elections. */
export class WaitingCalls extends LeaseCalls {
  lock(message: Init<etcd.LockRequest>) {
    const request = encodeMessage(etcd.LockRequest, message);
    return new WaitingCall(this, '/v3lockpb.Lock/Lock', etcd.LockResponse, request);
  }

  unlock(key: Uint8Array) {
    const { UnlockRequest, UnlockResponse } = etcd;
    return this.call('/v3lockpb.Lock/Unlock', UnlockRequest, { key }, UnlockResponse);
  }

  campaign(message: Init<etcd.CampaignRequest>) {
    const request = encodeMessage(etcd.CampaignRequest, message);
    const path = '/v3electionpb.Election/Campaign';
    return new WaitingCall(this, path, etcd.CampaignResponse, request);
  }

  observe(name: Uint8Array) {
    const request = encodeMessage(etcd.LeaderRequest, { name });
    const path = '/v3electionpb.Election/Observe';
    return new WaitingCall(this, path, etcd.LeaderResponse, request);
  }

  proclaim(message: Init<etcd.ProclaimRequest>) {
    const path = '/v3electionpb.Election/Proclaim';
    return this.call(path, etcd.ProclaimRequest, message, etcd.ProclaimResponse);
  }

  leader(name: Uint8Array) {
    const path = '/v3electionpb.Election/Leader';
    return this.call(path, etcd.LeaderRequest, { name }, etcd.LeaderResponse);
  }

  resign(message: Init<etcd.ResignRequest>) {
    const path = '/v3electionpb.Election/Resign';
    return this.call(path, etcd.ResignRequest, message, etcd.ResignResponse);
  }

  /** Lets what was asked come as far as it can. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 8; turn++) await this.time.turn();
  }
}
