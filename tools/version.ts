// The one version of all packages: `node tools/version.ts 1.2.3` sets it, `--check` compares.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './run/run-command.ts';
import { runTool, UsageError } from './run/run-tool.ts';
import { checkTree } from './tidy/check-tree.ts';
import { formatProblem } from './tidy/problem.ts';
import { versionsRule } from './tidy/rules/versions.ts';
import { readTree } from './tidy/tree.ts';
import { isVersion, lockstepVersion, withVersion } from './tidy/versions.ts';

const USAGE = 'usage: node tools/version.ts MAJOR.MINOR.PATCH | --check';

function run(): number {
  const { values, positionals } = parseArgs({
    options: { check: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const tree = readTree(ROOT);
  if (values.check) {
    const problems = checkTree(tree, [versionsRule]);
    for (const problem of problems) console.log(formatProblem(problem));
    console.log(`version: ${lockstepVersion(tree)}, ${problems.length} problems`);
    return problems.length === 0 ? 0 : 1;
  }
  const [version] = positionals;
  if (version === undefined) throw new UsageError('give a version');
  if (!isVersion(version)) throw new UsageError(`'${version}' is no version`);
  const changed = withVersion(tree, version);
  for (const [path, text] of changed) writeFileSync(join(ROOT, path), text);
  console.log(`version: ${version} in ${changed.size} files; now run 'npm install'`);
  return 0;
}

await runTool({ args: process.argv.slice(2), usage: () => USAGE, run });
