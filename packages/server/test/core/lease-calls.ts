import { decodeMessage, encodeMessage, etcd, type Init } from '@quorate/schema';
import type { RpcError, StreamCall, StreamListener } from '@quorate/server/core';
import { CalledService } from './called-service.ts';

const service = '/etcdserverpb.Lease';

/** One stream of renewals, called as a transport would. */
export class KeepAliveStream {
  readonly answers: etcd.LeaseKeepAliveResponse[] = [];
  /** Undefined: it has not ended. */
  ended: RpcError | null | undefined;
  /** What `send` tells of the reader. */
  isFast = true;
  readonly #listener: StreamListener;

  constructor(called: CalledService) {
    const call: StreamCall = {
      context: { requireLeader: false, token: '', commonName: '' },
      send: (bytes) => {
        const answer = decodeMessage(etcd.LeaseKeepAliveResponse, bytes);
        if (answer === null) throw new Error('an answer is malformed');
        this.answers.push(answer);
        return this.isFast;
      },
      end: (error) => {
        this.ended = error;
      },
    };
    this.#listener = called.service.stream(`${service}/LeaseKeepAlive`)(call);
  }

  ask(...ids: readonly bigint[]): void {
    for (const ID of ids) this.raw(encodeMessage(etcd.LeaseKeepAliveRequest, { ID }));
  }

  raw(message: Uint8Array): void {
    this.#listener.message(message);
  }

  halfClose(): void {
    this.#listener.halfClosed();
  }

  drained(): void {
    this.#listener.drained();
  }

  cancel(): void {
    this.#listener.closed();
  }
}

/** The service with the calls that are about leases. */
export class LeaseCalls extends CalledService {
  grant(message: Init<etcd.LeaseGrantRequest>) {
    const { LeaseGrantRequest, LeaseGrantResponse } = etcd;
    return this.call(`${service}/LeaseGrant`, LeaseGrantRequest, message, LeaseGrantResponse);
  }

  revoke(message: Init<etcd.LeaseRevokeRequest>) {
    const { LeaseRevokeRequest, LeaseRevokeResponse } = etcd;
    return this.call(`${service}/LeaseRevoke`, LeaseRevokeRequest, message, LeaseRevokeResponse);
  }

  timeToLive(message: Init<etcd.LeaseTimeToLiveRequest>) {
    const { LeaseTimeToLiveRequest, LeaseTimeToLiveResponse } = etcd;
    const path = `${service}/LeaseTimeToLive`;
    return this.call(path, LeaseTimeToLiveRequest, message, LeaseTimeToLiveResponse);
  }

  leases() {
    const { LeaseLeasesRequest, LeaseLeasesResponse } = etcd;
    return this.call(`${service}/LeaseLeases`, LeaseLeasesRequest, {}, LeaseLeasesResponse);
  }

  keepAlive(): KeepAliveStream {
    return new KeepAliveStream(this);
  }

  async ids(): Promise<readonly bigint[]> {
    const { value } = await this.leases();
    return value?.leases.map(({ ID }) => ID) ?? [];
  }
}
