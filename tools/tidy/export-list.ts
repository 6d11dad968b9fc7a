import { compareText } from './problem.ts';
import type { Tree } from './tree.ts';
import { entryFiles, type WorkspacePackage } from './workspace-package.ts';

const FOLDER = 'docs/reference/exports';

/** Where the committed list of a package's exports stands. */
function exportListPath(folder: string): string {
  return `${FOLDER}/${folder}.txt`;
}

/**
 * What each list of exports has to say, by path: per entry a line with the name one imports it by,
 * then the exported names, sorted, types marked. Committed, so that a change of the public surface
 * shows in a diff.
 */
export function expectedExportLists(tree: Tree): ReadonlyMap<string, string> {
  const lists = new Map<string, string>();
  for (const pkg of tree.packages) {
    const sections = [...entryFiles(pkg)]
      .filter(([, path]) => tree.files.has(path))
      .map(([entry, path]) => section(tree, pkg, entry, path));
    lists.set(exportListPath(pkg.folder), sections.join('\n'));
  }
  return lists;
}

/** The lists that are committed now, by path. */
export function committedExportLists(tree: Tree): ReadonlyMap<string, string> {
  const lists = [...tree.files.values()].filter(({ path }) => path.startsWith(`${FOLDER}/`));
  return new Map(lists.map(({ path, text }) => [path, text]));
}

function section(tree: Tree, pkg: WorkspacePackage, entry: string, path: string): string {
  const exports = [...(tree.files.get(path)?.module.exports ?? [])];
  exports.sort((a, b) => compareText(a.name, b.name));
  const names = exports.map(({ name, typeOnly }) =>
    typeOnly ? `  type ${name}\n` : `  ${name}\n`,
  );
  return `${pkg.name}${entry.slice(1)}\n${names.join('')}`;
}
