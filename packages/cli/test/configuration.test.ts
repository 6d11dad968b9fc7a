import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { CliError } from '../src/cli-error.ts';
import {
  loadServeConfiguration,
  type ServeConfiguration,
} from '../src/configuration/serve-configuration.ts';
import {
  environmentVariable,
  type SettingKey,
  settingKeys,
} from '../src/configuration/settings.ts';
import { temporaryDirectory } from './run-program.ts';

interface Given {
  readonly flags?: Partial<Record<SettingKey, string>>;
  readonly environment?: NodeJS.ProcessEnv;
  readonly configPath?: string;
}

function load({ flags = {}, environment = {}, configPath }: Given): ServeConfiguration {
  return loadServeConfiguration({ flags, environment, configPath });
}

function refusal(given: Given): CliError {
  try {
    load(given);
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'expected the configuration to be refused' });
}

async function file(context: TestContext, text: string): Promise<string> {
  const path = join(await temporaryDirectory(context), 'quorate.yaml');
  await writeFile(path, text);
  return path;
}

describe('the configuration of a node', () => {
  it('is complete without any setting', () => {
    const { listenClientUrls, listenPeerUrl, members, ...rest } = load({});
    assert.deepEqual(rest, {
      name: 'default',
      dataDirectory: 'default.quorate',
      advertiseClientUrls: listenClientUrls,
      clusterState: 'new',
      clusterToken: 'quorate-cluster',
      isTokenGiven: false,
      autoPromoteLearners: false,
      heartbeatIntervalMs: 100,
      electionTimeoutMs: 1000,
      listenMetricsUrls: [],
      tls: { clientTls: null, peerTls: null },
      snapshotLogBytes: 67_108_864,
      snapshotTailEntries: 5000,
      api: { api: {}, auth: {}, quotaBytes: 2 * 2 ** 30 },
      tracing: null,
      backup: null,
      logLevel: 'info',
      logFormat: 'json',
    });
    assert.deepEqual(
      listenClientUrls.map(({ text }) => text),
      ['http://127.0.0.1:2379'],
    );
    assert.deepEqual(members, [{ name: 'default', peerUrl: listenPeerUrl }]);
  });

  it('takes a flag before the environment before the file before the default', async (context) => {
    const configPath = await file(
      context,
      'log-level: warn\nname: from-file\nlog-format: logfmt\n',
    );
    const environment = { QUORATE_NAME: 'from-env', QUORATE_LOG_LEVEL: 'error' };
    const { name, logLevel, logFormat, heartbeatIntervalMs } = load({
      flags: { name: 'from-flag' },
      environment,
      configPath,
    });
    assert.deepEqual(
      [name, logLevel, logFormat, heartbeatIntervalMs],
      ['from-flag', 'error', 'logfmt', 100],
    );
  });

  it('finds its file by --config or QUORATE_CONFIG', async (context) => {
    const configPath = await file(context, 'name: n7\n');
    assert.equal(load({ environment: { QUORATE_CONFIG: configPath } }).name, 'n7');
    assert.equal(load({ configPath, environment: { QUORATE_CONFIG: '/nowhere' } }).name, 'n7');
  });

  it('takes an empty variable for one that is not set', () => {
    assert.equal(load({ environment: { QUORATE_NAME: '' } }).name, 'default');
  });

  it('reads scalars of a file as they are written, and lists', async (context) => {
    const text = 'name: 007\nlisten-client-urls:\n  - http://a:1\n  - http://[::1]:2\n';
    const { name, listenClientUrls } = load({ configPath: await file(context, text) });
    assert.equal(name, '007');
    assert.deepEqual(
      listenClientUrls.map((url) => [url.host, url.port]),
      [
        ['a', 1],
        ['::1', 2],
      ],
    );
  });

  it('ignores what Kubernetes says about a service called quorate', () => {
    const environment = {
      QUORATE_SERVICE_HOST: '10.0.0.1',
      QUORATE_SERVICE_PORT_CLIENT: '2379',
      QUORATE_PORT: 'tcp://10.0.0.1:2379',
      QUORATE_PORT_2379_TCP_ADDR: '10.0.0.1',
      QUORATE_CLIENT_PORT: 'tcp://10.0.0.1:2379',
    };
    assert.equal(load({ environment }).name, 'default');
  });
});

const goodMembers = 'n1=http://h1:1,n2=http://h2:2';
const refusals: readonly (readonly [what: string, given: Given, sentence: RegExp])[] = [
  ['a name with odd characters', { flags: { name: 'a,b' } }, /^--name: "a,b" cannot be a node's/],
  ['an empty data directory', { flags: { 'data-dir': '' } }, /^--data-dir: it is no directory/],
  ['a URL without a scheme', { flags: { 'listen-client-urls': 'h:1' } }, /not a URL of the form/],
  ['a URL without a port', { flags: { 'listen-client-urls': 'http://h' } }, /has no port; write/],
  ['a URL with a path', { flags: { 'listen-client-urls': 'http://h:1/x' } }, /without a path/],
  [
    'TLS without a certificate',
    { flags: { 'listen-client-urls': 'https://h:1' } },
    /^--listen-client-urls: https:\/\/h:1 needs a certificate; give --cert-file and --key-file/,
  ],
  [
    'TLS between nodes without a certificate',
    { flags: { 'listen-peer-urls': 'https://h:1' } },
    /needs a certificate; give --peer-cert-file and --peer-key-file, or use http:\/\//,
  ],
  [
    'a certificate without its key',
    { flags: { 'cert-file': 'c' } },
    /^--cert-file: it is of no use without --key-file/,
  ],
  [
    'a certificate that nothing uses',
    { flags: { 'cert-file': 'c', 'key-file': 'k' } },
    /^--cert-file: nothing would be encrypted.*--listen-client-urls has no https/,
  ],
  [
    'an authority of peers without a certificate',
    { flags: { 'peer-trusted-ca-file': 'ca' } },
    /^--peer-trusted-ca-file: it is of no use without --peer-cert-file/,
  ],
  [
    'certificates of clients that nobody has signed',
    {
      flags: {
        'cert-file': 'c',
        'key-file': 'k',
        'listen-client-urls': 'https://h:1',
        'client-cert-auth': 'true',
      },
    },
    /^--client-cert-auth: it needs --trusted-ca-file/,
  ],
  ['half a switch', { flags: { 'client-cert-auth': 'yes' } }, /neither true nor false/],
  [
    'links of two kinds',
    {
      flags: {
        'initial-cluster': 'default=http://127.0.0.1:2380,n2=https://h:2',
      },
    },
    /^--initial-cluster: n2 has https:\/\/h:2, but this node listens with http:\/\//,
  ],
  [
    'metrics by TLS',
    { flags: { 'listen-metrics-urls': 'https://h:1' } },
    /^--listen-metrics-urls: https:\/\/h:1 is not for TLS/,
  ],
  [
    'suites of a version that is excluded',
    { flags: { 'cipher-suites': 'x', 'tls-min-version': 'TLS1.3' } },
    /^--cipher-suites: they are chosen for TLS 1.2/,
  ],
  ['another scheme', { flags: { 'listen-client-urls': 'unix://h:1' } }, /has the scheme unix/],
  ['port 0', { flags: { 'listen-client-urls': 'http://h:0' } }, /port 0; give one from 1 to/],
  [
    'port 70000',
    { flags: { 'listen-peer-urls': 'http://h:70000' } },
    /^--listen-peer-urls: .*70000/,
  ],
  ['half an IPv4 address', { flags: { 'listen-peer-urls': 'http://10.1:1' } }, /no valid host/],
  ['a bad IPv6 address', { flags: { 'listen-peer-urls': 'http://[::g]:1' } }, /no valid host/],
  ['two peer URLs', { flags: { 'listen-peer-urls': 'http://h:1,http://h:2' } }, /several URLs/],
  ['a URL twice', { flags: { 'listen-client-urls': 'http://h:1,http://H:1/' } }, /is there twice/],
  [
    'a wildcard to connect to',
    { flags: { 'listen-client-urls': 'http://0.0.0.0:1' } },
    /^--advertise-client-urls \(default\): nobody can connect to http:\/\/0\.0\.0\.0:1/,
  ],
  [
    'a peer wildcard to connect to',
    { flags: { 'initial-advertise-peer-urls': 'http://[::]:1' } },
    /^--initial-advertise-peer-urls: nobody can connect/,
  ],
  [
    'one port for clients and peers',
    { flags: { 'listen-peer-urls': 'http://127.0.0.1:2379' } },
    /^--listen-peer-urls: .*share a port; use two ports/,
  ],
  [
    'members without names',
    { flags: { 'initial-cluster': 'http://h:1' } },
    /is not a member; write/,
  ],
  [
    'a bad member name',
    { flags: { 'initial-cluster': '?=http://h:1' } },
    /"\?" cannot be a node's/,
  ],
  ['a bad member URL', { flags: { 'initial-cluster': 'n1=h:1' } }, /member n1: "h:1" is not a URL/],
  [
    'a member named twice',
    { flags: { 'initial-cluster': 'n1=http://h:1,n1=http://h:1' } },
    /n1 is there twice/,
  ],
  [
    'two members at one URL',
    { flags: { 'initial-cluster': 'n1=http://h:1,n2=http://h:1' } },
    /n1 and n2 share http:\/\/h:1/,
  ],
  [
    'a cluster without this node',
    { flags: { 'initial-cluster': goodMembers, name: 'n3' } },
    /^--initial-cluster: it has no member named n3, only n1, n2; add n3=URL/,
  ],
  [
    'a cluster that gives this node another URL',
    { flags: { 'initial-cluster': goodMembers, name: 'n1' } },
    /it gives n1 the URL http:\/\/h1:1, but n1 advertises http:\/\/127\.0\.0\.1:2380; make/,
  ],
  ['an unknown state', { flags: { 'initial-cluster-state': 'old' } }, /give new or existing$/],
  ['a token of nothing', { flags: { 'initial-cluster-token': ' ' } }, /it is no token/],
  [
    'a heartbeat in words',
    { environment: { QUORATE_HEARTBEAT_INTERVAL: '1s' } },
    /^QUORATE_HEARTBEAT_INTERVAL \(heartbeat-interval\): "1s" is not a whole number; give millis/,
  ],
  [
    'a heartbeat of 0',
    { flags: { 'heartbeat-interval': '0' } },
    /out of range; give .* 1 to 10000/,
  ],
  ['an endless timeout', { flags: { 'election-timeout': '999999' } }, /out of range; give/],
  [
    'fewer than 5 heartbeats',
    { flags: { 'election-timeout': '499' } },
    /^--election-timeout: .*499 ms is less than 5 heartbeats of 100 ms; raise .* to 500/,
  ],
  [
    'a heartbeat too slow for the default',
    { flags: { 'heartbeat-interval': '300' } },
    /^--heartbeat-interval: .*raise --election-timeout to 1500/,
  ],
  [
    'an unknown level',
    { flags: { 'log-level': 'loud' } },
    /give debug, info, warn, error or silent$/,
  ],
  [
    'an unknown format',
    { flags: { 'log-format': 'xml' } },
    /^--log-format: .*give json or logfmt$/,
  ],
  [
    'a misspelt variable',
    { environment: { QUORATE_NMAE: 'x' } },
    /^QUORATE_NMAE: .* QUORATE_NAME\?$/,
  ],
  ['a variable near nothing', { environment: { QUORATE_ZZZZZZ: 'x' } }, /remove it, or see/],
  [
    'a port that is no link',
    { environment: { QUORATE_PORT: '2379' } },
    /^QUORATE_PORT: no setting/,
  ],
  ['a file that is not there', { configPath: '/nowhere/q.yaml' }, /cannot read \/nowhere\/q.yaml/],
  ['a directory for a file', { configPath: '/' }, /^--config: cannot read \/ .*check the path$/],
];

describe('the configuration refuses', () => {
  for (const [what, given, sentence] of refusals) {
    it(what, () => {
      const error = refusal(given);
      assert.match(error.message, sentence);
      assert.equal(error.exitCode, 1);
      assert.doesNotMatch(error.message, /\n/);
    });
  }

  it('a bad value of every setting, naming the line of the file', async (context) => {
    for (const key of settingKeys) {
      const configPath = await file(context, `# a comment\n\n${key}: "\\u0001"\n`);
      const error = refusal({ configPath });
      assert.equal(error.code, 'CLI_CONFIG_INVALID');
      assert.ok(error.message.startsWith(`${configPath}:3: ${key}: `), error.message);
    }
  });

  const files: readonly (readonly [what: string, text: string, sentence: RegExp])[] = [
    [
      'an unknown key',
      'name: n1\ndatadir: x\n',
      /:2: "datadir" is no setting; did you mean data-dir/,
    ],
    ['a key of no text', '? [a]\n: b\n', /:1: "" is no setting/],
    ['a prototype', '__proto__: b\n', /"__proto__" is no setting/],
    ['a value of nothing', 'name:\n', /:1: name: found nothing usable; give one value or a list/],
    ['a map for a value', 'name: {a: b}\n', /:1: name: found a map/],
    ['a key twice', 'name: a\nname: b\n', /:2: .*unique/],
    ['bad YAML', 'name: "n1\n', /quorate\.yaml:\d+: /],
    ['a list', '- name\n', /expected a map of settings/],
    ['too much in it', `# ${'x'.repeat(64 << 10)}\n`, /larger than 65536 bytes/],
    ['endless nesting', '['.repeat(60_000), /quorate\.yaml:/],
  ];
  for (const [what, text, sentence] of files) {
    it(`a file with ${what}`, async (context) => {
      const error = refusal({ configPath: await file(context, text) });
      assert.match(error.message, sentence);
      assert.doesNotMatch(error.message, /\n/);
    });
  }

  it('any text with a sentence, never with anything else', () => {
    const property = fc.property(
      fc.constantFrom(...settingKeys),
      fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.webUrl()),
      (key, text) => {
        const environment = { [environmentVariable(key)]: text };
        try {
          load({ environment });
        } catch (error) {
          assert.ok(error instanceof CliError, String(error));
          assert.match(error.message, /; |\?$/);
        }
      },
    );
    fc.assert(property, { numRuns: 300 });
  });
});
