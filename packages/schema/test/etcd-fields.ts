/**
 * The wire of the etcd v3 API by hand, so that a slip in a .proto file cannot hide: message, then
 * `name=number:type`, `*` for repeated.
 */
export const etcdFields = `
KeyValue: key=1:bytes create_revision=2:int64 mod_revision=3:int64 version=4:int64 value=5:bytes
  lease=6:int64
Event: type=1:enum kv=2:KeyValue prev_kv=3:KeyValue
UserAddOptions: no_password=1:bool
User: name=1:bytes password=2:bytes roles=3:string* options=4:UserAddOptions
Permission: permType=1:enum key=2:bytes range_end=3:bytes
Role: name=1:bytes keyPermission=2:Permission*
ResponseHeader: cluster_id=1:uint64 member_id=2:uint64 revision=3:int64 raft_term=4:uint64
RangeRequest: key=1:bytes range_end=2:bytes limit=3:int64 revision=4:int64 sort_order=5:enum
  sort_target=6:enum serializable=7:bool keys_only=8:bool count_only=9:bool
  min_mod_revision=10:int64 max_mod_revision=11:int64 min_create_revision=12:int64
  max_create_revision=13:int64
RangeResponse: header=1:ResponseHeader kvs=2:KeyValue* more=3:bool count=4:int64
PutRequest: key=1:bytes value=2:bytes lease=3:int64 prev_kv=4:bool ignore_value=5:bool
  ignore_lease=6:bool
PutResponse: header=1:ResponseHeader prev_kv=2:KeyValue
DeleteRangeRequest: key=1:bytes range_end=2:bytes prev_kv=3:bool
DeleteRangeResponse: header=1:ResponseHeader deleted=2:int64 prev_kvs=3:KeyValue*
RequestOp: request_range=1:RangeRequest request_put=2:PutRequest
  request_delete_range=3:DeleteRangeRequest request_txn=4:TxnRequest
ResponseOp: response_range=1:RangeResponse response_put=2:PutResponse
  response_delete_range=3:DeleteRangeResponse response_txn=4:TxnResponse
Compare: result=1:enum target=2:enum key=3:bytes version=4:int64 create_revision=5:int64
  mod_revision=6:int64 value=7:bytes lease=8:int64 range_end=64:bytes
TxnRequest: compare=1:Compare* success=2:RequestOp* failure=3:RequestOp*
TxnResponse: header=1:ResponseHeader succeeded=2:bool responses=3:ResponseOp*
CompactionRequest: revision=1:int64 physical=2:bool
CompactionResponse: header=1:ResponseHeader
HashRequest:
HashKVRequest: revision=1:int64
HashKVResponse: header=1:ResponseHeader hash=2:uint32 compact_revision=3:int64
  hash_revision=4:int64
HashResponse: header=1:ResponseHeader hash=2:uint32
SnapshotRequest:
SnapshotResponse: header=1:ResponseHeader remaining_bytes=2:uint64 blob=3:bytes version=4:string
WatchRequest: create_request=1:WatchCreateRequest cancel_request=2:WatchCancelRequest
  progress_request=3:WatchProgressRequest
WatchCreateRequest: key=1:bytes range_end=2:bytes start_revision=3:int64 progress_notify=4:bool
  filters=5:enum* prev_kv=6:bool watch_id=7:int64 fragment=8:bool
WatchCancelRequest: watch_id=1:int64
WatchProgressRequest:
WatchResponse: header=1:ResponseHeader watch_id=2:int64 created=3:bool canceled=4:bool
  compact_revision=5:int64 cancel_reason=6:string fragment=7:bool events=11:Event*
LeaseGrantRequest: TTL=1:int64 ID=2:int64
LeaseGrantResponse: header=1:ResponseHeader ID=2:int64 TTL=3:int64 error=4:string
LeaseRevokeRequest: ID=1:int64
LeaseRevokeResponse: header=1:ResponseHeader
LeaseCheckpoint: ID=1:int64 remaining_TTL=2:int64
LeaseCheckpointRequest: checkpoints=1:LeaseCheckpoint*
LeaseCheckpointResponse: header=1:ResponseHeader
LeaseKeepAliveRequest: ID=1:int64
LeaseKeepAliveResponse: header=1:ResponseHeader ID=2:int64 TTL=3:int64
LeaseTimeToLiveRequest: ID=1:int64 keys=2:bool
LeaseTimeToLiveResponse: header=1:ResponseHeader ID=2:int64 TTL=3:int64 grantedTTL=4:int64
  keys=5:bytes*
LeaseLeasesRequest:
LeaseStatus: ID=1:int64
LeaseLeasesResponse: header=1:ResponseHeader leases=2:LeaseStatus*
Member: ID=1:uint64 name=2:string peerURLs=3:string* clientURLs=4:string* isLearner=5:bool
MemberAddRequest: peerURLs=1:string* isLearner=2:bool
MemberAddResponse: header=1:ResponseHeader member=2:Member members=3:Member*
MemberRemoveRequest: ID=1:uint64
MemberRemoveResponse: header=1:ResponseHeader members=2:Member*
MemberUpdateRequest: ID=1:uint64 peerURLs=2:string*
MemberUpdateResponse: header=1:ResponseHeader members=2:Member*
MemberListRequest: linearizable=1:bool
MemberListResponse: header=1:ResponseHeader members=2:Member*
MemberPromoteRequest: ID=1:uint64
MemberPromoteResponse: header=1:ResponseHeader members=2:Member*
DefragmentRequest:
DefragmentResponse: header=1:ResponseHeader
MoveLeaderRequest: targetID=1:uint64
MoveLeaderResponse: header=1:ResponseHeader
AlarmRequest: action=1:enum memberID=2:uint64 alarm=3:enum
AlarmMember: memberID=1:uint64 alarm=2:enum
AlarmResponse: header=1:ResponseHeader alarms=2:AlarmMember*
StatusRequest:
StatusResponse: header=1:ResponseHeader version=2:string dbSize=3:int64 leader=4:uint64
  raftIndex=5:uint64 raftTerm=6:uint64 raftAppliedIndex=7:uint64 errors=8:string*
  dbSizeInUse=9:int64 isLearner=10:bool storageVersion=11:string dbSizeQuota=12:int64
  downgradeInfo=13:DowngradeInfo
AuthEnableRequest:
AuthDisableRequest:
AuthenticateRequest: name=1:string password=2:string
AuthUserAddRequest: name=1:string password=2:string options=3:UserAddOptions
  hashedPassword=4:string
AuthUserGetRequest: name=1:string
AuthUserDeleteRequest: name=1:string
AuthUserChangePasswordRequest: name=1:string password=2:string hashedPassword=3:string
AuthUserGrantRoleRequest: user=1:string role=2:string
AuthUserRevokeRoleRequest: name=1:string role=2:string
AuthRoleAddRequest: name=1:string
AuthRoleGetRequest: role=1:string
AuthUserListRequest:
AuthRoleListRequest:
AuthRoleDeleteRequest: role=1:string
AuthRoleGrantPermissionRequest: name=1:string perm=2:Permission
AuthRoleRevokePermissionRequest: role=1:string key=2:bytes range_end=3:bytes
AuthEnableResponse: header=1:ResponseHeader
AuthDisableResponse: header=1:ResponseHeader
AuthenticateResponse: header=1:ResponseHeader token=2:string
AuthUserAddResponse: header=1:ResponseHeader
AuthUserGetResponse: header=1:ResponseHeader roles=2:string*
AuthUserDeleteResponse: header=1:ResponseHeader
AuthUserChangePasswordResponse: header=1:ResponseHeader
AuthUserGrantRoleResponse: header=1:ResponseHeader
AuthUserRevokeRoleResponse: header=1:ResponseHeader
AuthRoleAddResponse: header=1:ResponseHeader
AuthRoleGetResponse: header=1:ResponseHeader perm=2:Permission*
AuthRoleListResponse: header=1:ResponseHeader roles=2:string*
AuthUserListResponse: header=1:ResponseHeader users=2:string*
AuthRoleDeleteResponse: header=1:ResponseHeader
AuthRoleGrantPermissionResponse: header=1:ResponseHeader
AuthRoleRevokePermissionResponse: header=1:ResponseHeader
LockRequest: name=1:bytes lease=2:int64
LockResponse: header=1:ResponseHeader key=2:bytes
UnlockRequest: key=1:bytes
UnlockResponse: header=1:ResponseHeader
CampaignRequest: name=1:bytes lease=2:int64 value=3:bytes
CampaignResponse: header=1:ResponseHeader leader=2:LeaderKey
LeaderKey: name=1:bytes key=2:bytes rev=3:int64 lease=4:int64
LeaderRequest: name=1:bytes
LeaderResponse: header=1:ResponseHeader kv=2:KeyValue
ResignRequest: leader=1:LeaderKey
ResignResponse: header=1:ResponseHeader
ProclaimRequest: leader=1:LeaderKey value=2:bytes
ProclaimResponse: header=1:ResponseHeader
DowngradeRequest: action=1:enum version=2:string
DowngradeResponse: header=1:ResponseHeader version=2:string
AuthStatusRequest:
AuthStatusResponse: header=1:ResponseHeader enabled=2:bool authRevision=3:uint64
DowngradeInfo: enabled=1:bool targetVersion=2:string
RangeStreamResponse: range_response=1:RangeResponse
HealthCheckRequest: service=1:string
HealthCheckResponse: status=1:enum
`;
