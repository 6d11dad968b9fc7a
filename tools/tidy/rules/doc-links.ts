import { posix } from 'node:path';
import type { Problem } from '../problem.ts';
import type { Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';
import type { Tree } from '../tree.ts';

const FENCE = /^\s*(```|~~~)/;
const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;
const OUTSIDE = /^[a-z]+:/;
const ENTRANCE = 'README.md';

interface Link {
  readonly line: number;
  readonly target: string;
}

/** Links in pages lead somewhere, and every page below docs/ can be found from the README. */
export const docLinksRule: Rule = {
  name: 'doc-links',
  *check(tree) {
    const folders = foldersOf(tree);
    const leads = new Map<string, readonly string[]>();
    for (const page of tree.files.values()) {
      if (!page.path.endsWith('.md') || page.isTestdata) continue;
      const found: string[] = [];
      for (const link of linksOf(page)) {
        const problem = problemOf(tree, folders, page, link);
        if (problem === null) found.push(pathOf(page, link));
        else yield problem;
      }
      leads.set(page.path, found);
    }
    yield* unreached(leads);
  },
};

function foldersOf(tree: Tree): Set<string> {
  const folders = new Set<string>();
  for (const path of tree.files.keys()) {
    for (let at = posix.dirname(path); at !== '.'; at = posix.dirname(at)) folders.add(at);
  }
  return folders;
}

/** What stands in code is no link. */
function linksOf(page: SourceFile): Link[] {
  const links: Link[] = [];
  let isCode = false;
  for (const [at, line] of page.text.split('\n').entries()) {
    if (FENCE.test(line)) isCode = !isCode;
    if (isCode) continue;
    for (const [, target = ''] of line.replaceAll(/`[^`]*`/g, '').matchAll(LINK)) {
      if (!OUTSIDE.test(target)) links.push({ line: at + 1, target });
    }
  }
  return links;
}

function pathOf(page: SourceFile, { target }: Link): string {
  const [path = ''] = target.split('#');
  return path === '' ? page.path : posix.join(posix.dirname(page.path), path).replace(/\/$/, '');
}

function problemOf(
  tree: Tree,
  folders: ReadonlySet<string>,
  page: SourceFile,
  link: Link,
): Problem | null {
  const path = pathOf(page, link);
  const place = { path: page.path, line: link.line, rule: 'doc-links' };
  const file = tree.files.get(path);
  if (file === undefined) {
    if (folders.has(path)) return null;
    return { ...place, message: `'${link.target}' leads nowhere: there is no ${path}` };
  }
  const anchor = link.target.split('#')[1];
  if (anchor === undefined || !path.endsWith('.md') || anchorsOf(file).has(anchor)) return null;
  return { ...place, message: `'${link.target}': ${path} has no heading of that name` };
}

/** As GitHub makes them: letters, digits and hyphens of the heading, in lower case. */
function anchorsOf(page: SourceFile): Set<string> {
  const headings = page.text.matchAll(/^#{1,6} (.*)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  );
}

function* unreached(leads: ReadonlyMap<string, readonly string[]>): Iterable<Problem> {
  const seen = new Set([ENTRANCE]);
  for (const path of seen) {
    for (const next of leads.get(path) ?? []) {
      // A link to a folder shows the page that is its entrance.
      seen.add(leads.has(next) ? next : `${next}/README.md`);
    }
  }
  for (const path of leads.keys()) {
    if (!path.startsWith('docs/') || seen.has(path)) continue;
    const message = `no way leads here from ${ENTRANCE}; link it where a reader would look`;
    yield { path, line: 1, rule: 'doc-links', message };
  }
}
