import { type Lock, missingOptional } from '../complete-lock.ts';
import { LOCKFILE_PATH } from '../lockfile.ts';
import type { Rule } from '../rule.ts';
import { readJson } from '../tree.ts';

/** `npm ci` on another machine refuses a lock that leaves out what its packages name. */
export const lockCompleteRule: Rule = {
  name: 'lock-complete',
  *check(tree) {
    if (!tree.files.has(LOCKFILE_PATH)) return;
    const { packages } = readJson<Partial<Lock>>(tree, LOCKFILE_PATH);
    const missing = missingOptional({ packages: packages ?? {} });
    if (missing.length === 0) return;
    const names = missing.slice(0, 3).map(({ name }) => name);
    const message =
      `${missing.length} optional packages are left out (${names.join(', ')}, ...), ` +
      "so 'npm ci' fails; run 'npm run fix'";
    yield { path: LOCKFILE_PATH, line: 1, rule: 'lock-complete', message };
  },
};
