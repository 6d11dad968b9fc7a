/** gRPC's status codes, by number on the wire. */
export const StatusCode = {
  ok: 0,
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;
export type StatusCode = (typeof StatusCode)[keyof typeof StatusCode];

/** Why a call failed, as its client is told. Clients compare both, so both are exact. */
export interface RpcError {
  readonly code: StatusCode;
  readonly message: string;
}

function row(code: keyof typeof StatusCode, text: string): RpcError {
  return { code: StatusCode[code], message: `etcdserver: ${text}` };
}

/** Every error the API names. */
export const rpcErrors = {
  watchCanceled: row('canceled', 'watch canceled'),
  requestCanceled: row('canceled', 'request canceled'),
  keyNotProvided: row('invalidArgument', 'key is not provided'),
  keyNotFound: row('invalidArgument', 'key not found'),
  valueProvided: row('invalidArgument', 'value is provided'),
  leaseProvided: row('invalidArgument', 'lease is provided'),
  tooManyOperations: row('invalidArgument', 'too many operations in txn request'),
  duplicateKey: row('invalidArgument', 'duplicate key given in txn request'),
  memberUrlsInvalid: row('invalidArgument', 'given member URLs are invalid'),
  requestTooLarge: row('invalidArgument', 'request is too large'),
  userNameEmpty: row('invalidArgument', 'user name is empty'),
  roleNameEmpty: row('invalidArgument', 'role name is empty'),
  authenticationFailed: row(
    'invalidArgument',
    'authentication failed, invalid user ID or password',
  ),
  invalidAuthManagement: row('invalidArgument', 'invalid auth management'),
  authRevisionOld: row('invalidArgument', 'revision of auth store is old'),
  permissionNotGiven: row('invalidArgument', 'permission not given'),
  downgradeVersionFormat: row('invalidArgument', 'wrong downgrade target version format'),
  downgradeVersionInvalid: row('invalidArgument', 'invalid downgrade target version'),
  clientApiVersionInvalid: row('invalidArgument', 'invalid client api version'),
  sortOptionInvalid: row('invalidArgument', 'invalid sort option'),
  deadlineExceeded: row('deadlineExceeded', 'context deadline exceeded'),
  leaseNotFound: row('notFound', 'requested lease not found'),
  memberNotFound: row('notFound', 'member not found'),
  permissionDenied: row('permissionDenied', 'permission denied'),
  spaceExceeded: row('resourceExhausted', 'mvcc: database space exceeded'),
  /** Ours: to etcd's operators its own text means the quota, and a full disk is none of that. */
  diskFull: row('resourceExhausted', 'the disk of the leader is full'),
  tooManyRequests: row('resourceExhausted', 'too many requests'),
  leaseExists: row('failedPrecondition', 'lease already exists'),
  memberIdExists: row('failedPrecondition', 'member ID already exist'),
  peerUrlsExist: row('failedPrecondition', 'Peer URLs already exists'),
  notEnoughStartedMembers: row(
    'failedPrecondition',
    're-configuration failed due to not enough started members',
  ),
  memberNotLearner: row('failedPrecondition', 'can only promote a learner member'),
  learnerNotReady: row(
    'failedPrecondition',
    'can only promote a learner member which is in sync with leader',
  ),
  tooManyLearners: row('failedPrecondition', 'too many learner members in cluster'),
  rootUserNotFound: row('failedPrecondition', 'root user does not exist'),
  rootRoleNotGranted: row('failedPrecondition', 'root user does not have root role'),
  userExists: row('failedPrecondition', 'user name already exists'),
  userNotFound: row('failedPrecondition', 'user name not found'),
  roleExists: row('failedPrecondition', 'role name already exists'),
  roleNotFound: row('failedPrecondition', 'role name not found'),
  roleNotGranted: row('failedPrecondition', 'role is not granted to the user'),
  permissionNotGranted: row('failedPrecondition', 'permission is not granted to the role'),
  authNotEnabled: row('failedPrecondition', 'authentication is not enabled'),
  notLeader: row('failedPrecondition', 'not leader'),
  notCapable: row('failedPrecondition', 'not capable'),
  notSupportedForLearner: row('failedPrecondition', 'rpc not supported for learner'),
  badLeaderTransferee: row('failedPrecondition', 'bad leader transferee'),
  clusterIdMismatch: row('failedPrecondition', 'cluster ID mismatch'),
  clusterVersionNotFound: row('failedPrecondition', 'cluster version not found during downgrade'),
  downgradeInProgress: row('failedPrecondition', 'cluster has a downgrade job in progress'),
  noInflightDowngrade: row('failedPrecondition', 'no inflight downgrade job'),
  compacted: row('outOfRange', 'mvcc: required revision has been compacted'),
  futureRevision: row('outOfRange', 'mvcc: required revision is a future revision'),
  leaseTtlTooLarge: row('outOfRange', 'too large lease TTL'),
  noLeader: row('unavailable', 'no leader'),
  leaderChanged: row('unavailable', 'leader changed'),
  serverStopped: row('unavailable', 'server stopped'),
  timedOut: row('unavailable', 'request timed out'),
  timedOutLeaderFailure: row(
    'unavailable',
    'request timed out, possibly due to previous leader failure',
  ),
  timedOutConnectionLost: row('unavailable', 'request timed out, possibly due to connection lost'),
  timedOutWaitingForApply: row(
    'unavailable',
    'request timed out, waiting for the applied index took too long',
  ),
  unhealthyCluster: row('unavailable', 'unhealthy cluster'),
  corruptCluster: row('dataLoss', 'corrupt cluster'),
  invalidAuthToken: row('unauthenticated', 'invalid auth token'),
} as const;

/** The bytes are not the message that the method takes. */
export const malformedRequest: RpcError = {
  code: StatusCode.internal,
  message: 'grpc: error unmarshalling request',
};
