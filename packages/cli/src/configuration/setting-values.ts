import { z } from 'zod';
import { type HttpUrl, parseHttpUrl } from './url.ts';

export interface ConfiguredMember {
  readonly name: string;
  readonly peerUrl: HttpUrl;
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
    const clash = members.find(
      (member) => member.name === name.value || member.peerUrl.text === peerUrl.text,
    );
    if (clash?.name === name.value) return `${clash.name} is there twice; name each member once`;
    if (clash !== undefined) {
      return `${clash.name} and ${name.value} share ${peerUrl.text}; give each member its own URL`;
    }
    members.push({ name: name.value, peerUrl });
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
  'heartbeat-interval': wholeNumber('milliseconds', 1, 10_000, 100).optional(),
  'election-timeout': wholeNumber('milliseconds', 5, 50_000, 1000).optional(),
  'log-level': oneOf('debug', 'info', 'warn', 'error', 'silent').optional(),
  'log-format': oneOf('json', 'logfmt').optional(),
});

export type SettingValues = z.output<typeof settingValues>;
