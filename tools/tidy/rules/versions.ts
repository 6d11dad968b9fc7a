import type { Rule } from '../rule.ts';
import { lineOf } from '../tree.ts';
import { isVersion, lockstepVersion, readManifests, requirements } from '../versions.ts';

const LICENCE = 'Apache-2.0';

/** Versions are exact, and all of ours are the same one. */
export const versionsRule: Rule = {
  name: 'versions',
  *check(tree) {
    const lockstep = lockstepVersion(tree);
    const ours = new Set(tree.packages.map((pkg) => pkg.name));
    for (const [path, manifest] of readManifests(tree)) {
      const file = tree.files.get(path);
      const report = (needle: string, message: string) => {
        return { path, line: lineOf(file, needle), rule: 'versions', message };
      };
      if (manifest.version !== lockstep) {
        const mend = `run 'node tools/version.ts ${lockstep}'`;
        yield report('"version"', `version is ${manifest.version}, not ${lockstep}; ${mend}`);
      }
      if (manifest.license !== LICENCE) yield report('"license"', `license must be ${LICENCE}`);
      if (manifest.type !== 'module') yield report('"type"', 'type must be module');
      for (const { name, version } of requirements(manifest)) {
        if (!isVersion(version)) {
          yield report(`"${name}"`, `${name} ${version} is a range; write one exact version`);
        } else if (ours.has(name) && version !== lockstep) {
          yield report(`"${name}"`, `${name} ${version} is not ours; write ${lockstep}`);
        }
      }
    }
  },
};
