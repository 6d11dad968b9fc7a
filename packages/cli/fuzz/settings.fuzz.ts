import assert from 'node:assert/strict';
import type { Prng } from '@quorate/base';
import { loadServeConfiguration } from '../src/configuration/serve-configuration.ts';
import {
  environmentVariable,
  isSettingKey,
  type SettingKey,
  settingKeys,
} from '../src/configuration/settings.ts';
import { cliOutcome } from './cli-outcome.ts';
import { bytesOf, textOf, wordsOf } from './text.ts';

/*
 * An input is lines: `name=value` is a flag, `$NAME=value` a variable of the environment. Other
 * lines mean nothing.
 */

function run(input: Uint8Array) {
  const flags: Partial<Record<SettingKey, string>> = {};
  const environment: Record<string, string> = {};
  for (const line of textOf(input).split('\n')) {
    const equals = line.indexOf('=');
    const name = line.slice(0, Math.max(0, equals));
    const value = line.slice(equals + 1);
    if (isSettingKey(name)) flags[name] = value;
    // Another fuzzer reads the file.
    else if (name.startsWith('$') && name !== '$QUORATE_CONFIG') environment[name.slice(1)] = value;
  }
  const configuration = cliOutcome(() =>
    loadServeConfiguration({ flags, configPath: undefined, environment }),
  );
  if (typeof configuration === 'string') return { accepted: false, behaviour: configuration };
  const { members, name, electionTimeoutMs, heartbeatIntervalMs } = configuration;
  assert.ok(
    members.some((member) => member.name === name),
    'a node that is no member',
  );
  assert.equal(new Set(members.map((member) => member.name)).size, members.length);
  assert.ok(electionTimeoutMs >= 5 * heartbeatIntervalMs, 'timeouts that do not fit');
  const urls = [
    ...configuration.listenClientUrls,
    ...configuration.advertiseClientUrls,
    configuration.listenPeerUrl,
    ...members.map((member) => member.peerUrl),
  ];
  for (const url of urls) {
    assert.ok(url.port >= 1 && url.port <= 65_535 && url.host !== '', 'a URL that is none');
    assert.match(url.text, /^http:\/\/[^/\s]+:\d+$/);
  }
  return { accepted: true, behaviour: `${Math.min(2, members.length)} members` };
}

const urls = ['http://10.0.0.1:2379', 'http://[::1]:2380', 'http://n1.example:2381'];

function generate(prng: Prng): Uint8Array {
  const url = prng.pick(urls);
  const flags = [
    ['name', 'n1'],
    ['listen-peer-urls', 'http://127.0.0.1:7000'],
    ['initial-advertise-peer-urls', url],
    ['initial-cluster', `n1=${url},n2=http://other:9,n3=http://third:9`],
    ['listen-client-urls', 'http://127.0.0.1:1,http://[::1]:2'],
    ['initial-cluster-token', 'token'],
    ['election-timeout', '1500'],
    ['log-level', 'warn'],
  ] as const;
  const lines = flags.map(([key, value]) =>
    prng.chance(0.3) ? `$${environmentVariable(key)}=${value}` : `${key}=${value}`,
  );
  return bytesOf(lines.join('\n'));
}

export const fuzzer = {
  about: 'the settings of a node, from flags and the environment',
  maxBytes: 4096,
  generate,
  run,
  isRefusal: () => false,
  words: wordsOf(...settingKeys, ...urls, '$QUORATE_', 'http://', '0.0.0.0', ',', '=', '\n', ' '),
};
