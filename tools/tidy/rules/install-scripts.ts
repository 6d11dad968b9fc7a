import { LOCKFILE_PATH, lockedName, readLockfile } from '../lockfile.ts';
import type { Rule } from '../rule.ts';
import { lineOf } from '../tree.ts';

/** Packages whose install script was read and does not download anything, with what it does. */
const ALLOWED: ReadonlyMap<string, string> = new Map();

/** Installing runs nobody's code: a script could download what no lock file holds. */
export const installScriptsRule: Rule = {
  name: 'install-scripts',
  *check(tree) {
    for (const [path, { hasInstallScript }] of readLockfile(tree)) {
      if (!hasInstallScript || ALLOWED.has(lockedName(path))) continue;
      const line = lineOf(tree.files.get(LOCKFILE_PATH), `"${path}"`);
      const mend = 'choose another, or read its script and allow it with the reason';
      const message = `${lockedName(path)} runs a script when installed; ${mend}`;
      yield { path: LOCKFILE_PATH, line, rule: 'install-scripts', message };
    }
  },
};
