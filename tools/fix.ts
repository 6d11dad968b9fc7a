// Mends what can be mended without thinking: `npm run fix [-- PATH...]`. Formats, sorts imports and
// applies safe lint fixes, to the whole tree or to the paths alone; then rewrites the committed
// lists of exports, which are few and follow from the sources, and completes package-lock.json.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT, runCommand } from './run/run-command.ts';
import { completeLock, type Lock, missingOptional } from './tidy/complete-lock.ts';
import { committedExportLists, expectedExportLists } from './tidy/export-list.ts';
import { readTree } from './tidy/tree.ts';

const paths = process.argv.slice(2);
const format = ['biome', 'check', '--write', ...paths];
const { exitCode } = await runCommand(format, { output: 'inherit' });

const tree = readTree(ROOT);
const expected = expectedExportLists(tree);
const committed = committedExportLists(tree);
let written = 0;
for (const [path, text] of expected) {
  if (committed.get(path) === text) continue;
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), text);
  written += 1;
}
for (const path of committed.keys()) {
  if (expected.has(path)) continue;
  rmSync(join(ROOT, path));
  written += 1;
}
console.log(`fix: ${written} of ${expected.size} lists of exports changed`);
const lockPath = join(ROOT, 'package-lock.json');
const lock = JSON.parse(readFileSync(lockPath, 'utf8')) as Lock;
const added = missingOptional(lock).length;
if (added > 0) {
  writeFileSync(lockPath, `${JSON.stringify(completeLock(lock), null, 2)}\n`);
  console.log(`fix: ${added} optional packages added to package-lock.json`);
}
process.exitCode = exitCode === 0 ? 0 : 1;
