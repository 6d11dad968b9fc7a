import type { ApiOptions, AuthOptions, AutoCompaction } from '@quorate/server';
import type { SettingValues } from './setting-values.ts';
import type { SettingKey } from './settings.ts';

/** What of one node's configuration is about the API that it serves. */
export interface ApiConfiguration {
  readonly api: ApiOptions;
  readonly auth: AuthOptions;
  /** 0: without bound. */
  readonly quotaBytes: number;
}

const usualQuotaBytes = 2 * 2 ** 30;
const hourMs = 3_600_000;
/** Ten samples an interval, at timers that count milliseconds. */
const leastRetentionMs = 1000;
const longestRetentionMs = 10 * 365 * 24 * hourMs;

type Parts<Options> = { -readonly [Key in keyof Options]?: Options[Key] };

/** @returns what the settings say, without what they leave as usual */
export function apiConfiguration(values: SettingValues): ApiConfiguration {
  const api: Parts<ApiOptions> = {};
  const auth: Parts<AuthOptions> = {};
  const compaction = autoCompactionOf(values);
  if (compaction !== null) api.autoCompaction = compaction;
  const maxRequestBytes = values['max-request-bytes'];
  if (maxRequestBytes !== undefined) api.maxRequestBytes = maxRequestBytes;
  const maxTxnOperations = values['max-txn-ops'];
  if (maxTxnOperations !== undefined) api.maxTxnOperations = maxTxnOperations;
  const maxConcurrentStreams = values['max-concurrent-streams'];
  if (maxConcurrentStreams !== undefined) api.maxConcurrentStreams = maxConcurrentStreams;
  const maxConnections = values['max-connections'];
  if (maxConnections !== undefined) api.maxConnections = maxConnections;
  const progressMs = values['watch-progress-notify-interval'];
  if (progressMs !== undefined) api.watchProgressIntervalMs = progressMs;
  const token = values['auth-token'];
  if (token !== undefined) auth.token = token;
  const tokenTtlSeconds = values['auth-token-ttl'];
  if (tokenTtlSeconds !== undefined) auth.tokenTtlSeconds = tokenTtlSeconds;
  const bcryptCost = values['bcrypt-cost'];
  if (bcryptCost !== undefined) auth.bcryptCost = bcryptCost;
  return { api, auth, quotaBytes: values['quota-backend-bytes'] ?? usualQuotaBytes };
}

function autoCompactionOf(values: SettingValues): AutoCompaction | null {
  const { number = 0, ms = null } = values['auto-compaction-retention'] ?? {};
  const mode = values['auto-compaction-mode'] ?? 'periodic';
  if (mode === 'revision') {
    return number === null || number === 0 ? null : { mode, retention: number };
  }
  const retentionMs = ms ?? (number ?? 0) * hourMs;
  return retentionMs === 0 ? null : { mode, retentionMs };
}

/** @returns the setting that does not go with the others, and why; null when all do */
export function apiConflict(
  values: SettingValues,
): { readonly key: SettingKey; readonly problem: string } | null {
  const retention = values['auto-compaction-retention'];
  const key = 'auto-compaction-retention';
  if (values['auto-compaction-mode'] === 'revision' && retention?.number === null) {
    return {
      key,
      problem: 'in mode revision it is a number of revisions; give one, or 0 for none',
    };
  }
  const compaction = autoCompactionOf(values);
  if (compaction?.mode !== 'periodic') return null;
  const { retentionMs } = compaction;
  if (retentionMs >= leastRetentionMs && retentionMs <= longestRetentionMs) return null;
  return {
    key,
    problem: 'it is out of range; give 1s to 87600h, a number of hours, or 0 for none',
  };
}
