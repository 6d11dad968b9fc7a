import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Children } from './children.ts';
import { EtcdLoad } from './etcd-load.ts';
import type { Load } from './load.ts';
import { NodeLoad } from './node-load.ts';

/** Where Debian keeps the sources that etcd's Go client is built from. */
const goPath = '/usr/share/gocode';
const loadSource = fileURLToPath(new URL('../../../../../shared/bench/etcd-load', import.meta.url));

const watchersSource = fileURLToPath(new URL('watchers', import.meta.url));

/**
 * The etcd to compare with: `ETCD`, or the one that is installed.
 *
 * @throws Error when there is none
 */
export function etcdProgram(): string {
  const program = process.env['ETCD'] ?? onPath('etcd');
  if (program === null) {
    throw new Error('there is no etcd here: install the Debian package etcd-server, or set ETCD');
  }
  return program;
}

/**
 * etcd's own Go client where there is one: `ETCD_LOAD`, or built from the load program that lies
 * beside the checkout; `@quorate/client` otherwise.
 *
 * @param directory for the program that is built
 */
export async function chooseLoad(children: Children, directory: string): Promise<Load> {
  const { ETCD_LOAD: given } = process.env;
  if (given !== undefined) return new EtcdLoad(children, given);
  const built = existsSync(loadSource)
    ? await buildGo(children, loadSource, directory, 'etcd-load')
    : null;
  return built === null ? new NodeLoad(children) : new EtcdLoad(children, built);
}

/** A program of many watchers around etcd's Go client; null where it cannot be built. */
export function buildWatchers(children: Children, directory: string): Promise<string | null> {
  return buildGo(children, watchersSource, directory, 'watchers');
}

/**
 * @param source a folder with one program
 * @returns the program; null when there is no Go, or what it needs is not installed
 */
async function buildGo(
  children: Children,
  source: string,
  directory: string,
  name: string,
): Promise<string | null> {
  const go = onPath('go');
  if (go === null) return null;
  const program = join(directory, name);
  const building = children.start(['env', '-C', source, go, 'build', '-o', program, '.'], {
    GO111MODULE: 'off',
    GOPATH: goPath,
    GOCACHE: join(directory, 'go-cache'),
    GOFLAGS: '',
  });
  const exitCode = await building.ended;
  if (exitCode === 0) return program;
  console.log(`${source} cannot be built (exit ${exitCode}); its last words:`);
  console.log(building.output.trimEnd().split('\n').slice(-3).join('\n'));
  return null;
}

function onPath(name: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this one.
    }
  }
  return null;
}
