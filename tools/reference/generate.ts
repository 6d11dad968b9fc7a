/**
 * Writes docs/reference/api from the packages' exports and their docstrings.
 *
 * Usage: node tools/reference/generate.ts [--check] [--missing]
 * With --check nothing is written; exit code 1 when a page is missing, stale or left over. With
 * --missing each exported name without a docstring is listed, with the file that declares it.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../run/run-command.ts';
import { runTool } from '../run/run-tool.ts';
import { readTree } from '../tidy/tree.ts';
import { committedReference, writeReference } from './reference.ts';

const USAGE = `usage: node tools/reference/generate.ts [--check] [--missing]

Writes docs/reference/api from the packages' exports. With --check nothing is written; exit 1 when
a page differs. With --missing each exported name without a docstring is listed.`;

function run(): number {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      missing: { type: 'boolean', default: false },
    },
  });
  const tree = readTree(ROOT);
  const { pages, packages, names, undocumented } = writeReference(tree);
  const committed = committedReference(tree);
  const stale = [...pages.keys()].filter((path) => committed.get(path) !== pages.get(path));
  const left = [...committed.keys()].filter((path) => !pages.has(path));
  if (!values.check) {
    for (const path of stale) {
      mkdirSync(dirname(join(ROOT, path)), { recursive: true });
      writeFileSync(join(ROOT, path), pages.get(path) ?? '');
    }
    for (const path of left) rmSync(join(ROOT, path));
  }
  for (const path of stale) console.log(`${values.check ? 'stale' : 'wrote'}: ${path}`);
  for (const path of left) console.log(`${values.check ? 'left over' : 'removed'}: ${path}`);
  if (values.missing) for (const each of undocumented) console.log(`no docstring: ${each}`);
  const counts = `${packages} packages, ${names} names`;
  console.log(`reference: ${counts}, ${undocumented.length} without a docstring`);
  return values.check && stale.length + left.length > 0 ? 1 : 0;
}

await runTool({ args: process.argv.slice(2), usage: () => USAGE, run });
