import { spawnSync } from 'node:child_process';
import { accessSync, constants, globSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const wantedMajor = 15;
const names = ['initdb', 'postgres', 'psql', 'pgbench'];
/** Where Debian, Red Hat and Homebrew put them, a directory for each version. */
const places = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/{opt/homebrew,usr/local}/opt/postgresql@*/bin',
];

/** PostgreSQL as it is installed here. */
export interface PostgresPrograms {
  /** Where initdb, postgres, psql and pgbench are. */
  readonly directory: string;
  /** Such as `PostgreSQL 15.18`. */
  readonly version: string;
  /** Whom it runs as; null: as this process does. */
  readonly user: User | null;
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** @returns version 15 where there is one, else the newest; or why there is nothing to run */
export function findPostgres(): PostgresPrograms | { readonly missing: string } {
  const directories = [...globSync(places), ...(process.env['PATH'] ?? '').split(delimiter)];
  const found = directories.filter((directory) => names.every((name) => isThere(directory, name)));
  const [best] = found
    .map((directory) => ({ directory, ...versionOf(directory) }))
    .sort((a, b) => rank(b.major) - rank(a.major));
  if (best === undefined)
    return { missing: 'PostgreSQL is not installed (apt-get install postgresql-15)' };
  const user = process.getuid?.() === 0 ? userNamed('postgres') : null;
  if (user === undefined)
    return { missing: 'PostgreSQL does not run as root, and there is no user postgres' };
  return { directory: best.directory, version: best.version, user };
}

function isThere(directory: string, name: string): boolean {
  try {
    accessSync(join(directory, name), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function versionOf(directory: string): { readonly version: string; readonly major: number } {
  const text = spawnSync(join(directory, 'postgres'), ['--version'], { encoding: 'utf8' }).stdout;
  const [, version = '?', major = '0'] = /\(PostgreSQL\) ((\d+)\S*)/.exec(text ?? '') ?? [];
  return { version: `PostgreSQL ${version}`, major: Number(major) };
}

function rank(major: number): number {
  return major === wantedMajor ? Number.POSITIVE_INFINITY : major;
}

function userNamed(name: string): User | undefined {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
  return fields === undefined ? undefined : { uid: Number(fields[2]), gid: Number(fields[3]) };
}
