import { compareText } from '../tidy/problem.ts';
import type { Tree } from '../tidy/tree.ts';
import { entryFiles, type Manifest, type WorkspacePackage } from '../tidy/workspace-package.ts';
import { type IsPublic, readEntry } from './entry.ts';
import { BANNER, type PackageReference, packagePage } from './page.ts';
import { Workspace } from './workspace.ts';

const FOLDER = 'docs/reference/api';

export interface Reference {
  /** What each page has to say, by path. */
  readonly pages: ReadonlyMap<string, string>;
  readonly packages: number;
  /** How many names the entries export. */
  readonly names: number;
  /** The names without a docstring, each as `specifier name path`. */
  readonly undocumented: readonly string[];
}

interface DescribedManifest extends Manifest {
  readonly private?: boolean;
  readonly description?: string;
}

interface Described {
  /** Of the page, beside the others. */
  readonly file: string;
  readonly reference: PackageReference;
}

/**
 * Writes the reference of every package that is not private.
 *
 * @throws Error that names the file when a source cannot be read, or an exported name not found
 */
export function writeReference(tree: Tree): Reference {
  const described = describePackages(tree);
  const folders = foldersOf(tree);
  const exists = (path: string): boolean => tree.files.has(path) || folders.has(path);
  const pages = new Map<string, string>();
  for (const { file, reference } of described) {
    pages.set(`${FOLDER}/${file}`, packagePage(reference, FOLDER, exists));
  }
  pages.set(`${FOLDER}/README.md`, contents(described));
  const items = described.flatMap(({ reference }) =>
    reference.entries.flatMap(({ specifier, items }) =>
      items.map((item) => ({ ...item, specifier })),
    ),
  );
  const undocumented = items
    .filter(({ sentence, docstrings }) => sentence === '' && docstrings.length === 0)
    .map(({ specifier, name, path }) => `${specifier} ${name} ${path ?? ''}`);
  return { pages, packages: described.length, names: items.length, undocumented };
}

/** The pages that are committed now, by path. */
export function committedReference(tree: Tree): ReadonlyMap<string, string> {
  const pages = [...tree.files.values()].filter(({ path }) => path.startsWith(`${FOLDER}/`));
  return new Map(pages.map(({ path, text }) => [path, text]));
}

function describePackages(tree: Tree): Described[] {
  const workspace = new Workspace(tree);
  const published = tree.packages.filter((pkg) => !manifestOf(pkg).private);
  const isPublic = publicDeclarations(workspace, published);
  return published
    .map((pkg) => {
      const entries = [...entryFiles(pkg)].map(([entry, path]) =>
        readEntry(workspace, `${pkg.name}${entry.slice(1)}`, path, isPublic),
      );
      const description = manifestOf(pkg).description ?? '';
      return { file: `${pkg.folder}.md`, reference: { name: pkg.name, description, entries } };
    })
    .sort((a, b) => compareText(a.reference.name, b.reference.name));
}

function publicDeclarations(workspace: Workspace, packages: readonly WorkspacePackage[]): IsPublic {
  const known = new Set<string>();
  for (const entry of packages.flatMap((pkg) => [...entryFiles(pkg).values()])) {
    for (const exported of workspace.exportedNames(entry)) {
      const meaning = workspace.meaningOfExport(entry, exported);
      if (meaning.kind !== 'declared') continue;
      for (const { name } of meaning.declarations) known.add(`${meaning.path} ${name}`);
    }
  }
  return (path, name) => known.has(`${path} ${name}`);
}

function contents(described: readonly Described[]): string {
  const rows = described.map(({ file, reference }) => {
    const { name, description, entries } = reference;
    const specifiers = entries.map(({ specifier }) => `\`${specifier}\``).join(', ');
    return `| [${name}](${file}) | ${description.replaceAll('|', '\\|')} | ${specifiers} |`;
  });
  return `# API reference

${BANNER}

What each published package exports, with its docstring and the file that declares it.

| package | what it is | entries |
|---|---|---|
${rows.join('\n')}
`;
}

function manifestOf(pkg: WorkspacePackage): DescribedManifest {
  return pkg.manifest;
}

function foldersOf(tree: Tree): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of tree.files.keys()) {
    const segments = path.split('/');
    for (let end = 1; end < segments.length; end++) folders.add(segments.slice(0, end).join('/'));
  }
  return folders;
}
