import type { OperationCounts } from '@quorate/kv';
import { etcd } from '@quorate/schema';
import type { EtcdService } from '../core/index.ts';
import { metric } from './metric-text.ts';

const debugging = 'etcd_debugging_mvcc';

/** The store, its quota and its alarms. */
function stateText({ context }: EtcdService): string {
  const { keys, leases, revision, compactedRevision, bytes, bytesInUse } = context.store.stats;
  const { machine, quotaBytes } = context.options;
  const alarms = ['NOSPACE', 'CORRUPT'] as const;
  const raised = alarms.map((name): [string, number] => {
    const count = machine.alarms.all.filter(({ type }) => type === etcd.AlarmType[name]).length;
    return [`{type="${name}"}`, count];
  });
  const total = 'etcd_mvcc_db_total_size_in';
  const takes = 'What the store takes in memory, about.';
  // Without one there is none to tell: alerts divide by it.
  const quota = 'etcd_server_quota_backend_bytes';
  return [
    metric(`${total}_bytes`, 'gauge', takes, bytes),
    metric(`${debugging}_db_total_size_in_bytes`, 'gauge', takes, bytes),
    metric(`${total}_use_in_bytes`, 'gauge', 'What a compaction would leave.', bytesInUse),
    quotaBytes === 0 ? '' : metric(quota, 'gauge', 'What the store may take.', quotaBytes),
    metric('quorate_alarms', 'gauge', 'Alarms that are on, of any member.', ...raised),
    metric(`${debugging}_keys_total`, 'gauge', 'Live keys.', keys),
    metric(`${debugging}_current_revision`, 'gauge', 'Of the store.', revision),
    metric(
      `${debugging}_compact_revision`,
      'gauge',
      'Of the last compaction; -1: none.',
      compactedRevision,
    ),
    metric('quorate_leases', 'gauge', 'Leases that are granted.', leases),
  ].join('');
}

function watchText({ watchCensus }: EtcdService): string {
  const { watchers, slowWatchers, events, pendingRevisions } = watchCensus;
  const pending = 'Revisions that the watcher furthest behind has still to look at.';
  return [
    metric(`${debugging}_watcher_total`, 'gauge', 'Watchers here.', watchers),
    metric(`${debugging}_slow_watcher_total`, 'gauge', 'Watchers that are behind.', slowWatchers),
    metric(`${debugging}_events_total`, 'counter', 'Events that watchers were given.', events),
    metric(`${debugging}_pending_events_total`, 'gauge', pending, pendingRevisions),
  ].join('');
}

function operationsText({ ranges, puts, deletes, txns }: OperationCounts): string {
  const mvcc = 'etcd_mvcc';
  const many = 'Transactions of more than one operation.';
  return [
    metric(`${mvcc}_range_total`, 'counter', 'Ranges read here.', ranges),
    metric(`${mvcc}_put_total`, 'counter', 'Puts applied here.', puts),
    metric(`${mvcc}_delete_total`, 'counter', 'Deletions of ranges applied here.', deletes),
    metric(`${mvcc}_txn_total`, 'counter', many, txns),
  ].join('');
}

function leasesText(counts: OperationCounts): string {
  const { leasesGranted, leasesEnded, leasesExpired, leasesRenewed } = counts;
  const lease = 'etcd_debugging_lease';
  const expired = 'etcd_debugging_server_lease_expired_total';
  return [
    metric(`${lease}_granted_total`, 'counter', 'Grants applied here.', leasesGranted),
    metric(`${lease}_revoked_total`, 'counter', 'Leases that ended.', leasesEnded),
    metric(`${lease}_renewed_total`, 'counter', 'Renewals applied here.', leasesRenewed),
    metric(expired, 'counter', 'Leases that ended with their time.', leasesExpired),
    ttlText(`${lease}_ttl_total`, counts),
  ].join('');
}

function ttlText(name: string, counts: OperationCounts): string {
  const { grantsByTtl, grantedSeconds, leasesGranted } = counts;
  let sum = 0;
  const buckets = grantsByTtl.slice(0, -1).map((count, at) => {
    sum += count;
    return `${name}_bucket{le="${2 ** at}"} ${sum}\n`;
  });
  return [
    `# HELP ${name} Times to live of the grants, in seconds.\n# TYPE ${name} histogram\n`,
    ...buckets,
    `${name}_bucket{le="+Inf"} ${leasesGranted}\n`,
    `${name}_sum ${grantedSeconds}\n${name}_count ${leasesGranted}\n`,
  ].join('');
}

/** What the store holds, what was done with it, and who follows it, by etcd's names. */
export function storeMetricsText(service: EtcdService): string {
  const { counts } = service.context.store;
  return stateText(service) + watchText(service) + operationsText(counts) + leasesText(counts);
}
