// Mends what can be mended without thinking: `npm run fix [-- PATH...]`. Formats, sorts imports and
// applies safe lint fixes, to the whole tree or to the paths alone; then rewrites the committed
// lists of exports, which are few and follow from the sources, and completes package-lock.json.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, runCommand } from './run/run-command.ts';
import { runTool } from './run/run-tool.ts';
import { completeLock, type Lock, missingOptional } from './tidy/complete-lock.ts';
import { committedExportLists, expectedExportLists } from './tidy/export-list.ts';
import { readTree } from './tidy/tree.ts';

const USAGE = `usage: npm run fix [-- PATH...]

Formats, sorts imports and applies safe lint fixes, to everything or to the paths alone; rewrites
the lists of exports and completes package-lock.json. Exit 1 when something is left to mend.`;

/** @returns how many were changed, and how many there are */
function fixExportLists(): { changed: number; of: number } {
  const tree = readTree(ROOT);
  const expected = expectedExportLists(tree);
  const committed = committedExportLists(tree);
  let changed = 0;
  for (const [path, text] of expected) {
    if (committed.get(path) === text) continue;
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
    changed += 1;
  }
  for (const path of committed.keys()) {
    if (expected.has(path)) continue;
    rmSync(join(ROOT, path));
    changed += 1;
  }
  return { changed, of: expected.size };
}

function fixLock(): void {
  const lockPath = join(ROOT, 'package-lock.json');
  const lock = JSON.parse(readFileSync(lockPath, 'utf8')) as Lock;
  const added = missingOptional(lock).length;
  if (added === 0) return;
  writeFileSync(lockPath, `${JSON.stringify(completeLock(lock), null, 2)}\n`);
  console.log(`fix: ${added} optional packages added to package-lock.json`);
}

async function run(): Promise<number> {
  const { positionals: paths } = parseArgs({ allowPositionals: true });
  const format = ['biome', 'check', '--write', ...paths];
  const { exitCode } = await runCommand(format, { output: 'inherit' });
  const { changed, of } = fixExportLists();
  console.log(`fix: ${changed} of ${of} lists of exports changed`);
  fixLock();
  return exitCode === 0 ? 0 : 1;
}

await runTool({ args: process.argv.slice(2), usage: () => USAGE, run });
