import { committedExportLists, expectedExportLists } from '../export-list.ts';
import type { Rule } from '../rule.ts';

const MEND = `run 'npm run fix' and read the diff`;

/** The committed lists of exports say what the packages export. */
export const exportListsRule: Rule = {
  name: 'export-lists',
  *check(tree) {
    const expected = expectedExportLists(tree);
    const committed = committedExportLists(tree);
    for (const [path, text] of expected) {
      const found = committed.get(path);
      if (found === text) continue;
      const line = found === undefined ? 1 : firstDifference(found, text);
      const message =
        found === undefined
          ? `no list of this package's exports; ${MEND}`
          : `differs from what the package exports: ${difference(found, text)}; ${MEND}`;
      yield { path, line, rule: 'export-lists', message };
    }
    for (const path of committed.keys()) {
      if (expected.has(path)) continue;
      yield { path, line: 1, rule: 'export-lists', message: `a list without a package; ${MEND}` };
    }
  },
};

function firstDifference(found: string, expected: string): number {
  const lines = expected.split('\n');
  const at = found.split('\n').findIndex((line, i) => line !== lines[i]);
  return at < 0 ? 1 : at + 1;
}

function difference(found: string, expected: string): string {
  const before = new Set(found.split('\n'));
  const after = new Set(expected.split('\n'));
  const added = [...after].filter((line) => !before.has(line)).map((line) => `+${line.trim()}`);
  const removed = [...before].filter((line) => !after.has(line)).map((line) => `-${line.trim()}`);
  return [...added, ...removed].join(' ') || 'the order of its lines';
}
