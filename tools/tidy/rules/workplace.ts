import type { Rule } from '../rule.ts';

/** Joined below, so that this file does not name them as paths. */
const HOMES = ['work', 'root', 'home', 'Users'].join('|');
const JOBS = ['tmp', 'bash_jobs'].join('/');

/** What must not be committed, with how to mend it. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [
    new RegExp(`(?<![\\w.*)}\\]-])/(?:(?:${HOMES})/|${JOBS})[^\\s'"\`]*`),
    'an absolute path of one machine; make it relative, or use os.tmpdir()',
  ],
  [
    /"resolved":\s*"https?:[^"]*/,
    'a download address; keep omit-lockfile-registry-resolved in .npmrc and lock again',
  ],
  [/\/\/registry\.[\w.-]+/, "a registry's host; leave the choice of registry to the machine"],
  [/^\s*(?:@[\w-]+:)?registry\s*=/m, 'a registry; leave its choice to the machine'],
  [/_authToken\s*=/, 'a credential; take it out and revoke it'],
];

/** What is committed works anywhere: it names no machine, no registry, no credential. */
export const workplaceRule: Rule = {
  name: 'workplace',
  *check(tree) {
    for (const file of tree.files.values()) {
      for (const [pattern, what] of PATTERNS) {
        const all = new RegExp(pattern.source, `g${pattern.flags.replace('g', '')}`);
        for (const match of file.text.matchAll(all)) {
          const line = file.text.slice(0, match.index).split('\n').length;
          const message = `'${match[0].trim().slice(0, 60)}' is ${what}`;
          yield { path: file.path, line, rule: 'workplace', message };
        }
      }
    }
  },
};
