import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCKFILE_PATH, lockedName, readLockfile } from '../lockfile.ts';
import type { Rule } from '../rule.ts';
import { lineOf } from '../tree.ts';

const ACCEPTED = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
]);

/** What users install through us comes under a licence that asks for nothing but its notice. */
export const licencesRule: Rule = {
  name: 'licences',
  *check(tree) {
    for (const [path, locked] of readLockfile(tree)) {
      if (locked.dev) continue;
      const licence = installedLicence(join(tree.root, path)) ?? locked.license;
      if (licence !== undefined && isAccepted(licence)) continue;
      const line = lineOf(tree.files.get(LOCKFILE_PATH), `"${path}"`);
      const message = `${lockedName(path)} is under ${licence ?? 'no licence'}; choose another`;
      yield { path: LOCKFILE_PATH, line, rule: 'licences', message };
    }
  },
};

/** Accepts an SPDX expression when one alternative, with all its parts, is accepted. */
function isAccepted(licence: string): boolean {
  const alternatives = licence.replace(/[()]/g, '').split(' OR ');
  return alternatives.some((one) => one.split(' AND ').every((part) => ACCEPTED.has(part.trim())));
}

/** @returns undefined when the package is not installed, as an optional one may be */
function installedLicence(folder: string): string | undefined {
  const path = join(folder, 'package.json');
  if (!existsSync(path)) return undefined;
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as { license?: unknown };
  return typeof manifest.license === 'string' ? manifest.license : undefined;
}
