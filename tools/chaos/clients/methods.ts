import { type Codec, etcd } from '@quorate/schema';

/** What every answer of the API begins with. */
interface Headed {
  readonly header: etcd.ResponseHeader | null;
}

/** A call of the API: where it is, and what goes in and out. */
export interface Method<Request, Answer extends Headed> {
  readonly path: string;
  readonly request: Codec<Request>;
  readonly answer: Codec<Answer>;
}

function method<Request, Answer extends Headed>(
  path: string,
  request: Codec<Request>,
  answer: Codec<Answer>,
): Method<Request, Answer> {
  return { path: `/etcdserverpb.${path}`, request, answer };
}

export const methods = {
  put: method('KV/Put', etcd.PutRequest, etcd.PutResponse),
  range: method('KV/Range', etcd.RangeRequest, etcd.RangeResponse),
  txn: method('KV/Txn', etcd.TxnRequest, etcd.TxnResponse),
  compact: method('KV/Compact', etcd.CompactionRequest, etcd.CompactionResponse),
  grant: method('Lease/LeaseGrant', etcd.LeaseGrantRequest, etcd.LeaseGrantResponse),
  revoke: method('Lease/LeaseRevoke', etcd.LeaseRevokeRequest, etcd.LeaseRevokeResponse),
  leases: method('Lease/LeaseLeases', etcd.LeaseLeasesRequest, etcd.LeaseLeasesResponse),
  status: method('Maintenance/Status', etcd.StatusRequest, etcd.StatusResponse),
  hashKv: method('Maintenance/HashKV', etcd.HashKVRequest, etcd.HashKVResponse),
  moveLeader: method('Maintenance/MoveLeader', etcd.MoveLeaderRequest, etcd.MoveLeaderResponse),
  memberList: method('Cluster/MemberList', etcd.MemberListRequest, etcd.MemberListResponse),
  memberAdd: method('Cluster/MemberAdd', etcd.MemberAddRequest, etcd.MemberAddResponse),
  memberPromote: method(
    'Cluster/MemberPromote',
    etcd.MemberPromoteRequest,
    etcd.MemberPromoteResponse,
  ),
  memberRemove: method('Cluster/MemberRemove', etcd.MemberRemoveRequest, etcd.MemberRemoveResponse),
};

export const streamPaths = {
  watch: '/etcdserverpb.Watch/Watch',
  keepAlive: '/etcdserverpb.Lease/LeaseKeepAlive',
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

export function textIn(found: Uint8Array): string {
  return decoder.decode(found);
}

/** @returns the exclusive end of all keys that begin so; of all keys for an empty prefix */
export function endOfPrefix(prefix: string): Uint8Array {
  if (prefix === '') return new Uint8Array(1);
  const end = bytes(prefix).slice();
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}
