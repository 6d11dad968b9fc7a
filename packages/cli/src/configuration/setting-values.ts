import type { Retention } from '@quorate/server';
import { z } from 'zod';
import { readInterval, readRetention } from '../backup/backup-settings.ts';
import { parseHistoryRetention, parseProgressInterval } from './api-setting-values.ts';
import { parseNames, parseSwitch } from './tls-setting-values.ts';
import { type HttpUrl, parseHttpUrl } from './url.ts';

export interface ConfiguredMember {
  readonly name: string;
  /** The one that peers connect to. */
  readonly peerUrl: HttpUrl;
  /** Others that it is known by. */
  readonly otherPeerUrls?: readonly HttpUrl[];
}

const maxUrls = 16;
const maxMembers = 63;
const memberName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const nameRule = "use letters, digits, '.', '_' and '-', at most 128, a letter or digit first";

function wholeNumber(unit: string, least: number, most: number, example: number) {
  const fix = `give ${unit} from ${least} to ${most}, for example ${example}`;
  return parsed((text) => {
    if (!/^\d{1,15}$/.test(text)) return `${JSON.stringify(text)} is not a whole number; ${fix}`;
    const value = Number(text);
    return value < least || value > most ? `${text} is out of range; ${fix}` : { value };
  });
}

function oneOf<const Choice extends string>(...choices: readonly Choice[]) {
  return parsed<Choice>((text) => {
    const value = choices.find((choice) => choice === text);
    if (value !== undefined) return { value };
    const listed = `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
    return `${JSON.stringify(text)} is not a choice; give ${listed}`;
  });
}

/** A schema of one setting's text; `parse` answers with the value or with what is wrong. */
function parsed<Value>(parse: (text: string) => { readonly value: Value } | string) {
  return z.string().transform((text, context): Value => {
    const outcome = parse(text.trim());
    if (typeof outcome !== 'string') return outcome.value;
    context.addIssue({ code: 'custom', message: outcome });
    return z.NEVER;
  });
}

function parseName(text: string): { value: string } | string {
  if (memberName.test(text)) return { value: text };
  return `${JSON.stringify(text)} cannot be a node's name; ${nameRule}`;
}

function parseUrls(text: string): { value: readonly HttpUrl[] } | string {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length > maxUrls) return `it has ${parts.length} URLs; give at most ${maxUrls}`;
  const urls: HttpUrl[] = [];
  for (const part of parts) {
    const url = parseHttpUrl(part);
    if (typeof url === 'string') return url;
    if (urls.some((other) => other.text === url.text)) {
      return `${url.text} is there twice; give each URL once`;
    }
    urls.push(url);
  }
  return { value: urls };
}

function parseSingleUrl(text: string): { value: HttpUrl } | string {
  if (text.includes(',')) return 'it has several URLs; a node has one address for peers, give one';
  const url = parseHttpUrl(text);
  return typeof url === 'string' ? url : { value: url };
}

function urlsOf({ peerUrl, otherPeerUrls = [] }: ConfiguredMember): string[] {
  return [peerUrl, ...otherPeerUrls].map(({ text }) => text);
}

function parseMembers(text: string): { value: readonly ConfiguredMember[] } | string {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length > maxMembers)
    return `it has ${parts.length} members; give at most ${maxMembers}`;
  const members: ConfiguredMember[] = [];
  for (const part of parts) {
    const equals = part.indexOf('=');
    if (equals < 0) {
      return `${JSON.stringify(part)} is not a member; write NAME=http://host:port`;
    }
    const name = parseName(part.slice(0, equals));
    if (typeof name === 'string') return name;
    const peerUrl = parseHttpUrl(part.slice(equals + 1));
    if (typeof peerUrl === 'string') return `member ${name.value}: ${peerUrl}`;
    const clash = members.find((member) => urlsOf(member).includes(peerUrl.text));
    if (clash?.name === name.value) return `${clash.name} is there twice with ${peerUrl.text}`;
    if (clash !== undefined) {
      return `${clash.name} and ${name.value} share ${peerUrl.text}; give each member its own URL`;
    }
    const at = members.findIndex((member) => member.name === name.value);
    const known = members[at];
    if (known === undefined) members.push({ name: name.value, peerUrl });
    else members[at] = { ...known, otherPeerUrls: [...(known.otherPeerUrls ?? []), peerUrl] };
  }
  return { value: members };
}

function parseText(limit: number, what: string) {
  return parsed((text) => {
    const isGood = text !== '' && text.length <= limit && !/\p{Cc}/u.test(text);
    return isGood
      ? { value: text }
      : `it is no ${what}; give 1 to ${limit} characters without control characters`;
  });
}

const collectorExample = 'http://collector:4318/v1/traces';

function parseCollector(text: string): { value: string } | string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return `${JSON.stringify(text)} is no URL of HTTP; give one such as ${collectorExample}`;
  }
  if (url.username !== '' || url.password !== '') {
    return `it has a user or a password; give one without, such as ${collectorExample}`;
  }
  return { value: url.href };
}

function parseRatio(text: string): { value: number } | string {
  if (/^(0(\.\d{1,9})?|1(\.0{1,9})?)$/.test(text)) return { value: Number(text) };
  return `${JSON.stringify(text)} is no ratio; give one from 0 to 1, for example 0.01`;
}

function parseInterval(text: string): { value: number } | string {
  const value = readInterval(text);
  return value === null
    ? `${JSON.stringify(text)} is no length of time; give one from 1s to 366d, for example 6h`
    : { value };
}

function parseBackupRetention(text: string): { value: Retention } | string {
  const value = readRetention(text);
  return value === null
    ? `${JSON.stringify(text)} is neither a number nor a time; give 48 or 30d, for example`
    : { value };
}

/** One schema for each setting, each from text; all optional, for defaults come after. */
export const settingValues = z.object({
  name: parsed(parseName).optional(),
  'data-dir': parseText(4096, 'directory').optional(),
  'listen-client-urls': parsed(parseUrls).optional(),
  'advertise-client-urls': parsed(parseUrls).optional(),
  'listen-peer-urls': parsed(parseSingleUrl).optional(),
  'initial-advertise-peer-urls': parsed(parseSingleUrl).optional(),
  'initial-cluster': parsed(parseMembers).optional(),
  'initial-cluster-state': oneOf('new', 'existing').optional(),
  'initial-cluster-token': parseText(128, 'token').optional(),
  'auto-promote-learners': oneOf('true', 'false').optional(),
  'heartbeat-interval': wholeNumber('milliseconds', 1, 10_000, 100).optional(),
  'election-timeout': wholeNumber('milliseconds', 5, 50_000, 1000).optional(),
  'snapshot-log-bytes': wholeNumber('bytes', 4096, 2 ** 40, 67_108_864).optional(),
  'snapshot-tail-entries': wholeNumber('entries', 0, 100_000_000, 5000).optional(),
  'auto-compaction-mode': oneOf('periodic', 'revision').optional(),
  'auto-compaction-retention': parsed(parseHistoryRetention).optional(),
  'quota-backend-bytes': wholeNumber('bytes', 0, 2 ** 40, 2_147_483_648).optional(),
  'max-request-bytes': wholeNumber('bytes', 1024, 10 * 2 ** 20, 1_572_864).optional(),
  'max-txn-ops': wholeNumber('operations', 1, 65_536, 128).optional(),
  'max-concurrent-streams': wholeNumber('calls', 1, 1_000_000, 10_000).optional(),
  'max-connections': wholeNumber('connections', 1, 1_000_000, 10_000).optional(),
  'watch-progress-notify-interval': parsed(parseProgressInterval).optional(),
  'auth-token': parseText(8192, 'kind of token').optional(),
  'auth-token-ttl': wholeNumber('seconds', 1, 1_000_000_000, 300).optional(),
  'bcrypt-cost': wholeNumber('a cost', 4, 16, 10).optional(),
  'tracing-endpoint': parsed(parseCollector).optional(),
  'tracing-sampling-ratio': parsed(parseRatio).optional(),
  'tracing-service-name': parseText(128, 'name').optional(),
  'backup-schedule': parsed(parseInterval).optional(),
  'backup-target': parseText(1024, 'place').optional(),
  'backup-retain': parsed(parseBackupRetention).optional(),
  'backup-s3-endpoint': parseText(1024, 'URL').optional(),
  'listen-metrics-urls': parsed(parseUrls).optional(),
  'cert-file': parseText(4096, 'path').optional(),
  'key-file': parseText(4096, 'path').optional(),
  'trusted-ca-file': parseText(4096, 'path').optional(),
  'client-cert-auth': parsed(parseSwitch).optional(),
  'client-cert-allowed-hostname': parsed(parseNames).optional(),
  'peer-cert-file': parseText(4096, 'path').optional(),
  'peer-key-file': parseText(4096, 'path').optional(),
  'peer-trusted-ca-file': parseText(4096, 'path').optional(),
  'peer-client-cert-auth': parsed(parseSwitch).optional(),
  'peer-cert-allowed-cn': parsed(parseNames).optional(),
  'peer-cert-allowed-hostname': parsed(parseNames).optional(),
  'tls-min-version': oneOf('TLS1.2', 'TLS1.3').optional(),
  'cipher-suites': parsed(parseNames).optional(),
  'log-level': oneOf('debug', 'info', 'warn', 'error', 'silent').optional(),
  'log-format': oneOf('json', 'logfmt').optional(),
});

export type SettingValues = z.output<typeof settingValues>;
