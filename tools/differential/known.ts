import type { etcd } from '@quorate/schema';
import { asked, methodOf } from './known/asked.ts';
import { isDeletionToldOnlyHere } from './known/compacted-deletion.ts';
import { isEmptyRange, isRightToNothing } from './known/empty-range.ts';
import { areEqualButForOrder, areTxnsEqualButForOrder } from './known/equal-order.ts';
import type { KnownDifference } from './known/known-difference.ts';
import { malformedDifferences } from './known/malformed.ts';
import { isOverlapSeenByEtcd } from './known/overlap.ts';
import {
  answerOf,
  areAlikeButForBodies,
  isGood,
  isRefusedAs,
  isSame,
  refusalOf,
} from './known/refusal.ts';
import type { Outcome, Step } from './operation.ts';
import type { Both } from './pair.ts';

const never = (): boolean => false;
const ifEtcdDidIt = ([etcd]: Both, step: Step): boolean =>
  isGood(etcd) && !reads.has(methodOf(step));

const changedSince34: readonly KnownDifference[] = [
  {
    name: 'header of alarms',
    reason: 'the answer to Alarm has a header since 3.5',
    parts: never,
    matches: (step, [etcd, ours]) => {
      const { header, ...rest } = answerOf(ours);
      const theirs = answerOf(etcd);
      return (
        methodOf(step) === 'Maintenance/Alarm' &&
        areAlikeButForBodies(etcd, ours) &&
        header !== undefined &&
        isSame(theirs['alarms'], rest['alarms']) &&
        isSame(Object.keys(theirs), Object.keys(rest))
      );
    },
  },
  {
    name: 'storage of the version',
    reason: '/version tells the storage version since 3.6',
    parts: never,
    matches: (step, [etcd, ours]) => {
      const { storage, ...rest } = answerOf(ours);
      return (
        step.kind === 'http' &&
        step.path.startsWith('/version') &&
        areAlikeButForBodies(etcd, ours) &&
        typeof storage === 'string' &&
        isSame(answerOf(etcd), rest)
      );
    },
  },
  {
    name: 'reason of health',
    reason: '/health says a reason since 3.5, empty when all is well',
    parts: never,
    matches: (step, [etcd, ours]) =>
      step.kind === 'http' &&
      step.path.startsWith('/health') &&
      areAlikeButForBodies(etcd, ours) &&
      isSame({ ...answerOf(etcd), reason: '' }, answerOf(ours)) &&
      answerOf(etcd)['health'] === 'true',
  },
  {
    name: 'role root',
    reason: 'RoleGet of root names what it may do since 3.5; 3.4 shows what was granted',
    parts: never,
    matches: (step, [etcd, ours]) =>
      asked<etcd.AuthRoleGetRequest>(step, 'Auth/RoleGet')?.role === 'root' &&
      areAlikeButForBodies(etcd, ours) &&
      isSame(answerOf(etcd)['header'], answerOf(ours)['header']) &&
      isSame(answerOf(ours)['perm'], [{ permType: 'READWRITE', range_end: 'AA==' }]),
  },
  {
    name: 'no permission given',
    reason: 'refused first since 3.5; 3.4 looks for the role, and ends itself when there is one',
    parts: never,
    matches: (step, [etcd, ours]) =>
      grantOf(step)?.perm === null &&
      isRefusedAs(ours, 'permission not given') &&
      isRefusedAs(etcd, 'role name not found'),
  },
  {
    name: 'permission on an empty range',
    reason: 'refused since 3.5 (invalid auth management); 3.4 grants it',
    parts: ifEtcdDidIt,
    matches: (step, [etcd, ours]) =>
      isEmptyPermission(grantOf(step)?.perm) &&
      isRefusedAs(ours, 'invalid auth management') &&
      (isGood(etcd) || isRefusedAs(etcd, 'role name not found')),
  },
  {
    name: 'token while auth is off',
    reason: 'not looked at since 3.5 (3.4 refuses one that it does not know)',
    parts: never,
    matches: (step, [etcd, ours]) =>
      methodOf(step) === 'KV/Range' &&
      'as' in step &&
      step.as === '?' &&
      isRefusedAs(etcd, 'invalid auth token') &&
      !['user name is empty', 'permission denied'].some((text) => isRefusedAs(ours, text)),
  },
  {
    name: 'progress of watches to come',
    reason:
      'told since 3.5 once there is a watch and all of the stream have begun; 3.4 tells at once',
    parts: never,
    matches: (step, [etcd, ours]) => {
      const [theirs, own] = [answerOf(etcd), answerOf(ours)];
      const isTold = typeof theirs['revision'] === 'string';
      return (
        step.kind === 'watchProgress' &&
        own['isWaiting'] === true &&
        isTold &&
        own['revision'] === null
      );
    },
  },
  {
    name: 'who may compact',
    reason: 'only who has the role root since 3.5; everybody in 3.4',
    parts: ifEtcdDidIt,
    matches: (step, [etcd, ours]) =>
      methodOf(step) === 'KV/Compact' &&
      isRefusedAs(ours, 'permission denied', 'user name is empty') &&
      !isAuthRefusal(etcd),
  },
  {
    name: 'leases without a token',
    reason: 'refused since 3.5 while auth is on, as are alarms, members and MoveLeader',
    parts: ifEtcdDidIt,
    matches: (step, [etcd, ours]) =>
      openIn34.has(methodOf(step)) &&
      isRefusedAs(ours, 'user name is empty', 'invalid auth token', 'permission denied') &&
      !isAuthRefusal(etcd),
  },
  {
    name: 'maintenance wording',
    reason: 'refusals of Hash, HashKV and the like begin with auth: in 3.4 and have no code',
    parts: never,
    matches: (step, [etcd, ours]) => {
      const [theirs, own] = [refusalOf(etcd), refusalOf(ours)];
      return (
        methodOf(step).startsWith('Maintenance/') &&
        theirs?.code === 2 &&
        theirs.text.startsWith('auth: ') &&
        own?.text === theirs.text.replace('auth: ', 'etcdserver: ') &&
        isAuthRefusal(ours)
      );
    },
  },
  {
    name: 'permissions inside nested transactions',
    reason: 'asked since 3.6 at any depth; 3.4 does not look into a transaction in a transaction',
    parts: ifEtcdDidIt,
    matches: (step, [etcd, ours]) =>
      operationsOf(asked(step, 'KV/Txn')).some(({ requestTxn }) => requestTxn !== null) &&
      isRefusedAs(ours, 'permission denied', 'user name is empty', 'invalid auth token') &&
      !isAuthRefusal(etcd),
  },
  {
    name: 'unknown sort options',
    reason: 'refused since 3.6 (invalid sort option); 3.4 sorts by what is left, or ends itself',
    parts: ifEtcdDidIt,
    matches: (step, [, ours]) =>
      rangesOf(step).some(isOddlySorted) && isRefusedAs(ours, 'invalid sort option'),
  },
  {
    name: 'hash at the compacted revision',
    reason: 'given since 3.5; for 3.4 that revision is compacted (a range at it is not)',
    parts: never,
    matches: (step, [etcd, ours]) =>
      String(asked<etcd.HashKVRequest>(step, 'Maintenance/HashKV')?.revision) ===
        answerOf(ours)['compact_revision'] &&
      isGood(ours) &&
      isRefusedAs(etcd, 'mvcc: required revision has been compacted'),
  },
  {
    name: 'deletion at the compacted revision',
    reason: 'a watch from there is told of it since 3.4.34 (etcd#18274); before, it was lost',
    // What was heard on streams is not forgotten while it differs.
    parts: (_, step) => step.kind === 'settle',
    matches: isDeletionToldOnlyHere,
  },
];

const meant: readonly KnownDifference[] = [
  {
    name: 'right to an empty range',
    reason: 'given here with its first key; in etcd it hangs on the shape of the tree of rights',
    parts: (both, step) => both.some(isGood) && !reads.has(methodOf(step)),
    matches: isRightToNothing,
  },
  {
    name: 'order of equals',
    reason: 'keys that sort equal come in any order from etcd, and in key order from here',
    parts: never,
    matches: (step, [etcd, ours]) => {
      if (!areAlikeButForBodies(etcd, ours) || !isGood(etcd)) return false;
      const [first, second] = [answerOf(etcd), answerOf(ours)];
      const range = asked<etcd.RangeRequest>(step, 'KV/Range');
      if (range !== null) return areEqualButForOrder(range, first, second);
      const txn = asked<etcd.TxnRequest>(step, 'KV/Txn');
      return txn !== null && areTxnsEqualButForOrder(txn, first, second);
    },
  },
  {
    name: 'overlap that etcd does not see',
    reason:
      'a put and a deletion of one key in one transaction: etcd refuses it, but not when the ' +
      'deletion goes to the end of all keys, or is nested behind the put; here always',
    parts: ifEtcdDidIt,
    matches: (step, [etcd, ours]) => {
      const txn = asked<etcd.TxnRequest>(step, 'KV/Txn');
      const text = 'duplicate key given in txn request';
      return (
        txn !== null &&
        isRefusedAs(ours, text) &&
        !isRefusedAs(etcd, text) &&
        !isOverlapSeenByEtcd(txn)
      );
    },
  },
  {
    name: 'leases of puts in transactions',
    reason:
      'a put with a lease needs permission for all its keys; etcd does not ask in transactions',
    parts: ifEtcdDidIt,
    matches: (step, [etcd, ours]) =>
      hasPut(asked(step, 'KV/Txn'), ({ lease }) => lease !== 0n) &&
      isRefusedAs(ours, 'permission denied', 'user name is empty', 'invalid auth token') &&
      !isAuthRefusal(etcd),
  },
  {
    name: 'nested puts without room',
    reason: 'an alarm NOSPACE stops puts at any depth here; etcd looks at those of the first level',
    parts: ifEtcdDidIt,
    matches: (step, [etcd, ours]) => {
      const operations = operationsOf(asked(step, 'KV/Txn'));
      return (
        operations.every(({ requestPut }) => requestPut === null) &&
        operations.some(({ requestTxn }) => hasPut(requestTxn)) &&
        isRefusedAs(ours, 'mvcc: database space exceeded') &&
        refusalOf(etcd)?.code !== 8
      );
    },
  },
  {
    name: 'reads while corrupt',
    reason: 'an alarm CORRUPT stops reads as well here; 3.4.23 still answers them (seen)',
    parts: never,
    matches: (step, [etcd, ours]) =>
      (methodOf(step) === 'KV/Range' || isReadOnly(asked(step, 'KV/Txn'))) &&
      isRefusedAs(ours, 'corrupt cluster') &&
      refusalOf(etcd)?.code !== 15,
  },
  {
    name: 'watch to the end of all keys',
    reason: 'needs permission for all of them here; 3.4 asks only for the first (a hole in it)',
    parts: () => true,
    matches: (step, [etcd, ours]) =>
      isDeniedHere(etcd, ours) &&
      (step.kind === 'settle' ||
        isToTheEnd(asked<etcd.WatchRequest>(step, 'Watch/Watch')?.createRequest)),
  },
  {
    name: 'user without a name',
    reason: 'who has no token may ask etcd for the user without a name, as for oneself',
    parts: never,
    matches: (step, [etcd, ours]) =>
      asked<etcd.AuthUserGetRequest>(step, 'Auth/UserGet')?.name === '' &&
      isRefusedAs(etcd, 'user name not found') &&
      isRefusedAs(ours, 'user name is empty'),
  },
  {
    name: 'empty transaction without a token',
    reason: 'a transaction that touches no key needs no user in etcd; here every call needs one',
    parts: never,
    matches: (step, [etcd, ours]) =>
      touchesNothing(asked(step, 'KV/Txn')) &&
      isGood(etcd) &&
      isRefusedAs(ours, 'user name is empty', 'invalid auth token'),
  },
  {
    name: 'too large and not allowed',
    reason: 'who may not is told so first here, and in etcd only what is not too large',
    parts: never,
    matches: (_step, [etcd, ours]) =>
      isRefusedAs(etcd, 'request is too large') &&
      isRefusedAs(ours, 'user name is empty', 'permission denied'),
  },
];

export const knownDifferences: readonly KnownDifference[] = [
  ...malformedDifferences,
  ...changedSince34,
  ...meant,
];

/** @returns why the answers may differ, or null when they may not */
export function knownDifference(step: Step, both: Both): KnownDifference | null {
  return knownDifferences.find(({ matches }) => matches(step, both)) ?? null;
}

/** What changes nothing, whoever does it. */
const reads: ReadonlySet<string> = new Set([
  'KV/Range',
  'Lease/LeaseTimeToLive',
  'Lease/LeaseLeases',
  'Maintenance/Status',
  'Cluster/MemberList',
]);

/** What no token is needed for in 3.4. */
const openIn34: ReadonlySet<string> = new Set([
  'Lease/LeaseGrant',
  'Lease/LeaseRevoke',
  'Lease/LeaseTimeToLive',
  'Lease/LeaseLeases',
  'Lease/LeaseKeepAlive',
  'Maintenance/Alarm',
  'Maintenance/Status',
  'Maintenance/MoveLeader',
  'Cluster/MemberList',
]);

function isAuthRefusal(outcome: Outcome): boolean {
  const texts = ['user name is empty', 'invalid auth token', 'permission denied'];
  return isRefusedAs(outcome, ...texts) || refusalOf(outcome)?.text.startsWith('auth: ') === true;
}

function isOddlySorted({ sortOrder, sortTarget }: etcd.RangeRequest): boolean {
  return sortOrder < 0 || sortOrder > 2 || sortTarget < 0 || sortTarget > 4;
}

function grantOf(step: Step): etcd.AuthRoleGrantPermissionRequest | null {
  return asked(step, 'Auth/RoleGrantPermission');
}

function isEmptyPermission(perm: etcd.Permission | null | undefined): boolean {
  return perm !== null && perm !== undefined && (perm.key.length === 0 || isEmptyRange(perm));
}

function operationsOf(txn: etcd.TxnRequest | null): readonly etcd.RequestOp[] {
  return txn === null ? [] : [...txn.success, ...txn.failure];
}

function hasPut(
  txn: etcd.TxnRequest | null,
  isMeant: (put: etcd.PutRequest) => boolean = () => true,
): boolean {
  return operationsOf(txn).some(
    ({ requestPut, requestTxn }) =>
      (requestPut !== null && isMeant(requestPut)) || hasPut(requestTxn, isMeant),
  );
}

function touchesNothing(txn: etcd.TxnRequest | null): boolean {
  if (txn === null || txn.compare.length > 0) return false;
  return operationsOf(txn).every(({ requestTxn }) => touchesNothing(requestTxn));
}

/** For etcd a transaction in a transaction is none. */
function isReadOnly(txn: etcd.TxnRequest | null): boolean {
  return txn !== null && operationsOf(txn).every(({ requestRange }) => requestRange !== null);
}

/** All ranges that are asked for, also in transactions. */
function rangesOf(step: Step): readonly etcd.RangeRequest[] {
  const range = asked<etcd.RangeRequest>(step, 'KV/Range');
  return range === null ? rangesIn(asked(step, 'KV/Txn')) : [range];
}

function rangesIn(txn: etcd.TxnRequest | null): readonly etcd.RangeRequest[] {
  return operationsOf(txn).flatMap(({ requestRange, requestTxn }) =>
    requestRange === null ? rangesIn(requestTxn) : [requestRange],
  );
}

const deniedReason = 'rpc error: code = PermissionDenied desc = etcdserver: permission denied';

function isDeniedHere(etcd: Outcome, ours: Outcome): boolean {
  const denials = ({ body }: Outcome) => JSON.stringify(body).split(deniedReason).length - 1;
  const made = ({ body }: Outcome) => JSON.stringify(body).split('"created":true').length - 1;
  return denials(ours) === denials(etcd) + 1 && made(ours) === made(etcd);
}

function isToTheEnd(create: etcd.WatchCreateRequest | null | undefined): boolean {
  return create?.rangeEnd.length === 1 && create.rangeEnd[0] === 0;
}
