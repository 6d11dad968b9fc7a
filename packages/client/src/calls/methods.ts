import { type Codec, etcd } from '@quorate/schema';

/** What every answer of the API begins with. */
export interface Headed {
  readonly header: etcd.ResponseHeader | null;
}

/** A method of the API: where it is, and what goes in and out. */
export interface Method<Request, Answer extends Headed> {
  readonly path: string;
  readonly request: Codec<Request>;
  readonly answer: Codec<Answer>;
}

/** @param path behind the package */
export function method<Request, Answer extends Headed>(
  path: string,
  request: Codec<Request>,
  answer: Codec<Answer>,
): Method<Request, Answer> {
  return { path: `/etcdserverpb.${path}`, request, answer };
}

/** The calls of one request and one answer that this client makes. */
export const methods = {
  put: method('KV/Put', etcd.PutRequest, etcd.PutResponse),
  range: method('KV/Range', etcd.RangeRequest, etcd.RangeResponse),
  deleteRange: method('KV/DeleteRange', etcd.DeleteRangeRequest, etcd.DeleteRangeResponse),
  txn: method('KV/Txn', etcd.TxnRequest, etcd.TxnResponse),
  compact: method('KV/Compact', etcd.CompactionRequest, etcd.CompactionResponse),
  leaseGrant: method('Lease/LeaseGrant', etcd.LeaseGrantRequest, etcd.LeaseGrantResponse),
  leaseRevoke: method('Lease/LeaseRevoke', etcd.LeaseRevokeRequest, etcd.LeaseRevokeResponse),
  status: method('Maintenance/Status', etcd.StatusRequest, etcd.StatusResponse),
  memberList: method('Cluster/MemberList', etcd.MemberListRequest, etcd.MemberListResponse),
  leaseTimeToLive: method(
    'Lease/LeaseTimeToLive',
    etcd.LeaseTimeToLiveRequest,
    etcd.LeaseTimeToLiveResponse,
  ),
  leaseLeases: method('Lease/LeaseLeases', etcd.LeaseLeasesRequest, etcd.LeaseLeasesResponse),
  alarm: method('Maintenance/Alarm', etcd.AlarmRequest, etcd.AlarmResponse),
  defragment: method('Maintenance/Defragment', etcd.DefragmentRequest, etcd.DefragmentResponse),
  hashKv: method('Maintenance/HashKV', etcd.HashKVRequest, etcd.HashKVResponse),
  moveLeader: method('Maintenance/MoveLeader', etcd.MoveLeaderRequest, etcd.MoveLeaderResponse),
  authenticate: method('Auth/Authenticate', etcd.AuthenticateRequest, etcd.AuthenticateResponse),
};

/** Where the two streams are that this client uses. */
export const streamPaths = {
  watch: '/etcdserverpb.Watch/Watch',
  leaseKeepAlive: '/etcdserverpb.Lease/LeaseKeepAlive',
};

/** @returns the revision an answer is of; 0 when it does not say */
export function revisionOf({ header }: Headed): number {
  return header?.revision ?? 0;
}
