import type { Problem } from '../problem.ts';
import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';
import { entryFiles, type WorkspacePackage } from '../workspace-package.ts';

/** A package is seen through its entries alone, and each name in them is written out. */
export const entriesRule: Rule = {
  name: 'entries',
  *check(tree) {
    for (const pkg of tree.packages) yield* checkEntries(tree, pkg);
    for (const file of tree.files.values()) {
      if (!file.isCode || file.isGenerated || file.isTestdata) continue;
      for (const { name, line } of file.module.exports) {
        const message = judge(name);
        if (message !== undefined) yield { path: file.path, line, rule: 'entries', message };
      }
    }
  },
};

function judge(name: string): string | undefined {
  if (name === '*') return 'export * hides what is exported; name each export';
  if (name === 'default') return 'a default export has no name of its own; export it by name';
  return undefined;
}

function* checkEntries(tree: Tree, pkg: WorkspacePackage): Iterable<Problem> {
  const entries = entryFiles(pkg);
  const manifestPath = `${pkg.path}/package.json`;
  if (!entries.has('.')) {
    const message = `exports has no "."; point it at ./src/index.ts`;
    yield { path: manifestPath, line: 1, rule: 'entries', message };
  }
  for (const [entry, path] of entries) {
    if (tree.files.has(path)) continue;
    const message = `exports "${entry}" points at ${path}, which is not there; write it`;
    yield { path: manifestPath, line: 1, rule: 'entries', message };
  }
  const targets = new Set(entries.values());
  for (const { path, isGenerated } of pkg.files) {
    if (!path.endsWith('/index.ts') || targets.has(path) || isGenerated) continue;
    const message =
      'an index.ts that package.json does not export; name the file after its content';
    yield { path, line: 1, rule: 'entries', message };
  }
}
