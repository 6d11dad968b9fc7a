import type { BackupSettings } from '../backup/backup-settings.ts';
import { CliError } from '../cli-error.ts';
import type { TracingConfiguration } from '../tracing/tracing-configuration.ts';
import { type ApiConfiguration, apiConfiguration, apiConflict } from './api-configuration.ts';
import { readConfigFile } from './config-file.ts';
import { configVariable, readEnvironment } from './environment.ts';
import { type ConfiguredMember, type SettingValues, settingValues } from './setting-values.ts';
import {
  isSettingKey,
  type Origin,
  type RawSettings,
  type RawValue,
  type SettingKey,
  settingKeys,
  settingLabel,
} from './settings.ts';
import { type TlsConfiguration, tlsConfiguration, tlsConflict } from './tls-configuration.ts';
import { type HttpUrl, isWildcard, parseHttpUrl } from './url.ts';

/** Everything one node needs to know, checked, with no default left open. */
export interface ServeConfiguration {
  readonly name: string;
  readonly dataDirectory: string;
  readonly listenClientUrls: readonly HttpUrl[];
  readonly advertiseClientUrls: readonly HttpUrl[];
  readonly listenPeerUrl: HttpUrl;
  readonly members: readonly ConfiguredMember[];
  readonly clusterState: 'new' | 'existing';
  readonly clusterToken: string;
  /** Whether somebody chose it. */
  readonly isTokenGiven: boolean;
  readonly autoPromoteLearners: boolean;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  readonly snapshotLogBytes: number;
  readonly snapshotTailEntries: number;
  readonly api: ApiConfiguration;
  readonly listenMetricsUrls: readonly HttpUrl[];
  readonly tls: TlsConfiguration;
  /** Null: nothing is traced. */
  readonly tracing: TracingConfiguration | null;
  /** Null: none are made. */
  readonly backup: BackupSettings | null;
  readonly logLevel: NonNullable<SettingValues['log-level']>;
  readonly logFormat: NonNullable<SettingValues['log-format']>;
}

export interface ConfigurationSources {
  /** By setting key; what was not given is absent. */
  readonly flags: Readonly<Partial<Record<SettingKey, string>>>;
  /** --config. */
  readonly configPath: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  /** Left out: the coordination service, which has all of the settings. */
  readonly service?: ServiceSettings;
}

/** What another service than the coordination service takes of the settings. */
export interface ServiceSettings {
  /** In a sentence: 'a ledger'. */
  readonly title: string;
  /** Others are refused. */
  readonly keys: readonly SettingKey[];
  /** That are not the usual ones. */
  readonly defaults: Readonly<Partial<Record<SettingKey, string>>>;
  /** Of a node's data, when nothing else is said. */
  dataDirectoryOf(name: string): string;
}

/**
 * Puts flags over the environment over the file over the defaults, and checks the result.
 *
 * @throws CliError naming the setting, who set it, what is wrong and what to do
 */
export function loadServeConfiguration(sources: ConfigurationSources): ServeConfiguration {
  const raw = gather(sources);
  const texts = Object.fromEntries([...raw].map(([key, value]) => [key, value.text]));
  const outcome = settingValues.safeParse(texts);
  if (!outcome.success) {
    const issue = outcome.error.issues[0];
    const key = String(issue?.path[0]);
    throw invalid(raw, isSettingKey(key) ? key : 'name', String(issue?.message));
  }
  const configuration = withDefaults(outcome.data, sources.service);
  checkConsistency(configuration, outcome.data, raw, sources.service?.keys ?? settingKeys);
  return configuration;
}

function gather(sources: ConfigurationSources): RawSettings {
  const environment = readEnvironment(sources.environment);
  const path = sources.configPath ?? sources.environment[configVariable];
  const file = path === undefined || path === '' ? new Map() : readConfigFile(path);
  const raw = new Map<SettingKey, RawValue>();
  for (const key of settingKeys) {
    const text = sources.flags[key];
    const flag: RawValue | undefined =
      text === undefined ? undefined : { text, origin: { kind: 'flag' } };
    const value = flag ?? environment.get(key) ?? file.get(key);
    const fallback = sources.service?.defaults[key];
    if (value !== undefined) raw.set(key, value);
    else if (fallback !== undefined) raw.set(key, { text: fallback, origin: { kind: 'default' } });
  }
  if (sources.service !== undefined) refuseOthers(raw, sources.service);
  return raw;
}

/** What would be ignored, somebody relies on. */
function refuseOthers(raw: RawSettings, { title, keys }: ServiceSettings): void {
  const other = [...raw.keys()].find((key) => !keys.includes(key));
  if (other === undefined) return;
  throw invalid(raw, other, `${title} has no such setting, only quorate serve has; leave it out`);
}

function withDefaults(values: SettingValues, service?: ServiceSettings): ServeConfiguration {
  const name = values.name ?? 'default';
  const listenClientUrls = values['listen-client-urls'] ?? [knownUrl('http://127.0.0.1:2379')];
  const listenPeerUrl = values['listen-peer-urls'] ?? knownUrl('http://127.0.0.1:2380');
  const peerUrl = values['initial-advertise-peer-urls'] ?? listenPeerUrl;
  return {
    name,
    dataDirectory: values['data-dir'] ?? service?.dataDirectoryOf(name) ?? `${name}.quorate`,
    listenClientUrls,
    advertiseClientUrls: values['advertise-client-urls'] ?? listenClientUrls,
    listenPeerUrl,
    members: values['initial-cluster'] ?? [{ name, peerUrl }],
    clusterState: values['initial-cluster-state'] ?? 'new',
    clusterToken: values['initial-cluster-token'] ?? 'quorate-cluster',
    isTokenGiven: values['initial-cluster-token'] !== undefined,
    autoPromoteLearners: values['auto-promote-learners'] === 'true',
    heartbeatIntervalMs: values['heartbeat-interval'] ?? 100,
    electionTimeoutMs: values['election-timeout'] ?? 1000,
    snapshotLogBytes: values['snapshot-log-bytes'] ?? 67_108_864,
    snapshotTailEntries: values['snapshot-tail-entries'] ?? 5000,
    api: apiConfiguration(values),
    listenMetricsUrls: values['listen-metrics-urls'] ?? [],
    tls: tlsConfiguration(values),
    tracing: tracingOf(values),
    backup: backupSettings(values),
    logLevel: values['log-level'] ?? 'info',
    logFormat: values['log-format'] ?? 'json',
  };
}

function tracingOf(values: SettingValues): TracingConfiguration | null {
  const endpoint = values['tracing-endpoint'];
  if (endpoint === undefined) return null;
  return {
    endpoint,
    samplingRatio: values['tracing-sampling-ratio'] ?? 0.01,
    serviceName: values['tracing-service-name'] ?? 'quorate',
  };
}

function backupSettings(values: SettingValues): BackupSettings | null {
  const intervalMs = values['backup-schedule'];
  const target = values['backup-target'];
  if (intervalMs === undefined || target === undefined) return null;
  const retain = values['backup-retain'] ?? null;
  return { intervalMs, target, retain, s3Endpoint: values['backup-s3-endpoint'] ?? null };
}

/** One without the other would mean backups that nobody makes. */
function checkBackup(values: SettingValues, raw: RawSettings): void {
  const hasSchedule = values['backup-schedule'] !== undefined;
  const hasTarget = values['backup-target'] !== undefined;
  if (hasSchedule && !hasTarget) {
    throw invalid(
      raw,
      'backup-schedule',
      'it says when, and nothing says where; set --backup-target',
    );
  }
  const more = (['backup-target', 'backup-retain', 'backup-s3-endpoint'] as const).find(
    (key) => values[key] !== undefined,
  );
  if (!hasSchedule && more !== undefined) {
    throw invalid(raw, more, 'it is of no use without a schedule; set --backup-schedule');
  }
}

function checkConsistency(
  configuration: ServeConfiguration,
  values: SettingValues,
  raw: RawSettings,
  keys: readonly SettingKey[],
): void {
  const { name, members, listenPeerUrl, electionTimeoutMs, heartbeatIntervalMs } = configuration;
  const own = members.find((member) => member.name === name);
  if (own === undefined) {
    const names = members.map((member) => member.name).join(', ');
    throw invalid(
      raw,
      'initial-cluster',
      `it has no member named ${name}, only ${names}; add ${name}=URL, ` +
        'or set --name to one of them',
    );
  }
  const advertised = values['initial-advertise-peer-urls'] ?? listenPeerUrl;
  if (own.peerUrl.text !== advertised.text) {
    throw invalid(
      raw,
      'initial-cluster',
      `it gives ${name} the URL ${own.peerUrl.text}, but ${name} advertises ${advertised.text}; ` +
        'make --initial-cluster and --initial-advertise-peer-urls the same',
    );
  }
  checkBackup(values, raw);
  if (keys.includes('advertise-client-urls')) {
    checkReachable(raw, 'advertise-client-urls', configuration.advertiseClientUrls);
  }
  checkReachable(raw, 'initial-advertise-peer-urls', [advertised]);
  const shared = configuration.listenClientUrls.find(
    (url) =>
      url.port === listenPeerUrl.port &&
      (url.host === listenPeerUrl.host || isWildcard(url) || isWildcard(listenPeerUrl)),
  );
  if (shared !== undefined) {
    throw invalid(
      raw,
      'listen-peer-urls',
      `${listenPeerUrl.text} and the client URL ${shared.text} share a port; use two ports`,
    );
  }
  const conflict = apiConflict(values) ?? tlsConflict(values, configuration);
  if (conflict !== null) throw invalid(raw, conflict.key, conflict.problem);
  if (electionTimeoutMs < 5 * heartbeatIntervalMs) {
    throw invalid(
      raw,
      raw.has('election-timeout') ? 'election-timeout' : 'heartbeat-interval',
      `an election timeout of ${electionTimeoutMs} ms is less than 5 heartbeats of ` +
        `${heartbeatIntervalMs} ms; raise --election-timeout to ${5 * heartbeatIntervalMs} ` +
        'or more, or lower --heartbeat-interval',
    );
  }
}

function checkReachable(raw: RawSettings, key: SettingKey, urls: readonly HttpUrl[]): void {
  const wildcard = urls.find(isWildcard);
  if (wildcard === undefined) return;
  throw invalid(
    raw,
    key,
    `nobody can connect to ${wildcard.text}; set --${key} to an address that others reach`,
  );
}

function knownUrl(text: string): HttpUrl {
  const url = parseHttpUrl(text);
  if (typeof url === 'string') throw new CliError('CLI_USAGE', url, {});
  return url;
}

function invalid(raw: RawSettings, key: SettingKey, problem: string): CliError {
  const origin: Origin = raw.get(key)?.origin ?? { kind: 'default' };
  const label = settingLabel(key, origin);
  return new CliError('CLI_CONFIG_INVALID', `${label}: ${problem}`, {
    setting: key,
    origin: label,
  });
}
