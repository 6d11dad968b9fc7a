/**
 * Writes docs/reference/api from the packages' exports and their docstrings, and lists each
 * exported name without a docstring, with the file that declares it.
 *
 * Usage: node tools/reference/generate.ts [--check] [root]
 * With --check nothing is written; exit code 1 when a page is missing, stale or left over, or a
 * name has no docstring.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../run/run-command.ts';
import { runTool, UsageError } from '../run/run-tool.ts';
import { readTree } from '../tidy/tree.ts';
import { committedReference, writeReference } from './reference.ts';

const USAGE = `usage: node tools/reference/generate.ts [--check] [root]

Writes docs/reference/api from the packages' exports, and lists each exported name without a
docstring. With --check nothing is written; exit 1 when a page differs, or a docstring is missing.`;

function run(): number {
  const { values, positionals } = parseArgs({
    options: { check: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  if (positionals.length > 1)
    throw new UsageError(`there is one root, not '${positionals[1]}' too`);
  const root = resolve(positionals[0] ?? ROOT);
  const tree = readTree(root);
  const { pages, packages, names, undocumented } = writeReference(tree);
  const committed = committedReference(tree);
  const stale = [...pages.keys()].filter((path) => committed.get(path) !== pages.get(path));
  const left = [...committed.keys()].filter((path) => !pages.has(path));
  if (!values.check) {
    for (const path of stale) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), pages.get(path) ?? '');
    }
    for (const path of left) rmSync(join(root, path));
  }
  for (const path of stale) console.log(`${values.check ? 'stale' : 'wrote'}: ${path}`);
  for (const path of left) console.log(`${values.check ? 'left over' : 'removed'}: ${path}`);
  for (const each of undocumented) console.log(`no docstring: ${each}`);
  const counts = `${packages} packages, ${names} names`;
  console.log(`reference: ${counts}, ${undocumented.length} without a docstring`);
  return values.check && stale.length + left.length + undocumented.length > 0 ? 1 : 0;
}

await runTool({ args: process.argv.slice(2), usage: () => USAGE, run });
