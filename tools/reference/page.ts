import { posix } from 'node:path';
import { readDocstring } from './docstring.ts';
import { codeBlock, docstringMarkdown, type Links, proseMarkdown } from './docstring-markdown.ts';
import type { Entry, Item } from './entry.ts';

/** What a page says of one package. */
export interface PackageReference {
  readonly name: string;
  readonly description: string;
  readonly entries: readonly Entry[];
}

export const BANNER =
  "<!-- Written by 'npm run generate' from the docstrings of the sources. Do not edit. -->";

const TITLES: Readonly<Record<Item['kind'], string>> = {
  function: 'Functions',
  class: 'Classes',
  const: 'Constants',
  interface: 'Interfaces',
  type: 'Types',
  namespace: 'Namespaces',
  foreign: 'From other packages',
};

/**
 * The page of one package.
 *
 * @param folder of the page, relative to the root
 * @param exists whether there is a file or a folder of that path, relative to the root
 */
export function packagePage(
  reference: PackageReference,
  folder: string,
  exists: (path: string) => boolean,
): string {
  const page = new Page(folder, exists);
  page.heading(1, `API of ${reference.name}`);
  page.add(BANNER);
  page.add(`${reference.description.replace(/\.$/, '')}.`);
  for (const entry of reference.entries) page.entry(entry);
  return page.text();
}

class Page {
  readonly #folder: string;
  readonly #exists: (path: string) => boolean;
  readonly #parts: string[] = [];
  readonly #anchors = new Set<string>();

  constructor(folder: string, exists: (path: string) => boolean) {
    this.#folder = folder;
    this.#exists = exists;
  }

  add(part: string): void {
    if (part !== '') this.#parts.push(part);
  }

  /** @returns the anchor that leads there, null when another heading has the same one */
  heading(level: number, text: string): string | null {
    this.add(`${'#'.repeat(level)} ${text}`);
    const anchor = anchorOf(text);
    if (this.#anchors.has(anchor)) return null;
    this.#anchors.add(anchor);
    return anchor;
  }

  entry({ specifier, path, introduction, items }: Entry): void {
    this.heading(2, `Entry \`${specifier}\``);
    this.add(proseMarkdown(introduction, this.#links(path)));
    const at = this.#parts.length;
    const lists: string[] = [];
    for (const [kind, ofKind] of Map.groupBy(items, (item) => item.kind)) {
      this.heading(3, TITLES[kind]);
      const names = ofKind.map((item) => {
        const anchor = this.heading(4, item.name);
        this.#item(item);
        return anchor === null ? item.name : `[${item.name}](#${anchor})`;
      });
      lists.push(`- ${TITLES[kind]}: ${names.join(', ')}`);
    }
    this.#parts.splice(at, 0, items.length > 0 ? lists.join('\n') : 'Exports nothing.');
  }

  text(): string {
    return `${this.#parts.join('\n\n')}\n`;
  }

  #item({ code, sentence, docstrings, path }: Item): void {
    if (code !== '') this.add(codeBlock(code));
    for (const each of new Set(docstrings)) {
      this.add(docstringMarkdown(readDocstring(each), this.#links(path ?? '')));
    }
    this.add(sentence);
    if (path !== null) this.add(`Source: [${path}](${posix.relative(this.#folder, path)})`);
  }

  /** As they stand in the file `source`, where they are relative to it. */
  #links(source: string): Links {
    const fromHere = (path: string): string | null =>
      this.#exists(path) ? posix.relative(this.#folder, path) : null;
    return {
      link: (target) => {
        const [file = '', anchor] = target.split('#');
        const found = file === '' ? null : fromHere(posix.join(posix.dirname(source), file));
        return found === null || anchor === undefined ? found : `${found}#${anchor}`;
      },
      mention: fromHere,
    };
  }
}

/** As GitHub makes it from a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}
