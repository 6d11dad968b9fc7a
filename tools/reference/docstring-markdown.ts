import type { Docstring, DocTag } from './docstring.ts';

/** Where from a page the links of a docstring lead; null when they lead nowhere from there. */
export interface Links {
  /** Of a link's target as it stands: what leads nowhere is shown as it was written. */
  link(target: string): string | null;
  /** Of a page that the prose names by its path from the root. */
  mention(path: string): string | null;
}

const CODE = /(^[ \t]*(?:```|~~~)[\s\S]*?^[ \t]*(?:```|~~~)[ \t]*$|`+[^`]+`+)/gm;
const INLINE_LINK = /\{@link(?:code|plain)?\s+([^\s}|]+)(?:[\s|]+([^}]*))?\}/g;
/** A link, or the path of a page that the prose names. */
const LINK = /\[([^\]]*)\]\(([^)\s]+)\)|(?<![\w./-])docs\/[\w./-]+\.md\b/g;
const OUTSIDE = /^[a-z]+:/;
/** A bracket that Markdown would take for the beginning of HTML, and drop. */
const HTML = /<(?=[a-zA-Z/!?])(?!https?:)/g;
const FENCE = /^[ \t]*(?:```|~~~)/gm;

const HEADS: Readonly<Record<string, string>> = {
  returns: 'Returns',
  return: 'Returns',
  throws: 'Throws',
  see: 'See',
  deprecated: 'Deprecated',
};

/** Writes a docstring as Markdown: the description, a list of what the tags say, the examples. */
export function docstringMarkdown(docstring: Docstring, links: Links): string {
  const examples = docstring.tags.filter(({ name }) => name === 'example');
  const items = docstring.tags
    .filter((tag) => !examples.includes(tag))
    .map((tag) => indentOthers(`- ${itemOf(tag, links)}`));
  return [
    proseMarkdown(docstring.description, links),
    items.join('\n'),
    ...examples.map(({ text }) => exampleOf(text)),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Makes prose safe to stand on a page: no headings, no HTML, no links that lead nowhere. */
export function proseMarkdown(text: string, links: Links): string {
  const closed = (text.match(FENCE)?.length ?? 0) % 2 === 0 ? text : `${text}\n\`\`\``;
  // The pattern holds one group, so that every second part is code.
  const parts = closed.split(CODE);
  return parts.map((part, at) => (at % 2 === 1 ? part : plain(part, links))).join('');
}

function plain(text: string, links: Links): string {
  return text
    .replaceAll(INLINE_LINK, (_, name: string, shown = '') => `\`${shown.trim() || name}\``)
    .replaceAll(LINK, (whole: string, shown?: string, target?: string) => {
      if (shown === undefined || target === undefined) {
        const page = links.mention(whole);
        return page === null ? whole : `[${whole}](${page})`;
      }
      const found = OUTSIDE.test(target) ? target : links.link(target);
      return found === null ? whole.replace('](', ']\\(') : `[${shown}](${found})`;
    })
    .replaceAll(HTML, '&lt;')
    .replaceAll(/^(\s*)(#{1,6}\s)/gm, '$1\\$2');
}

function itemOf({ name, text }: DocTag, links: Links): string {
  const kind = /^(param|typeParam|template)$/.exec(name)?.[1];
  if (kind === undefined) {
    return `**${HEADS[name] ?? name}** ${proseMarkdown(text, links)}`.trimEnd();
  }
  const [, parameter = '', rest = ''] =
    /^(?:\{[^}]*\}\s*)?(\S+)\s*(?:-\s+)?([\s\S]*)$/.exec(text) ?? [];
  const label = `${kind === 'param' ? '' : 'type '}\`${parameter}\``;
  return rest === '' ? label : `${label}: ${proseMarkdown(rest, links)}`;
}

function exampleOf(text: string): string {
  return /^[ \t]*(```|~~~)/m.test(text) ? text : codeBlock(text);
}

/** Lines behind the first belong to the same item of a list. */
function indentOthers(item: string): string {
  return item.replaceAll(/\n(?=[^\n])/g, '\n  ');
}

/** A block of TypeScript, fenced so that nothing in it ends it. */
export function codeBlock(code: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}ts\n${code}\n${fence}`;
}
