import type { Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;
/** Protobuf's own convention joins words with an underscore. */
const PROTO = /^[a-z0-9]+(_[a-z0-9]+)*\.proto$/;
/** Documents that readers look for in capitals. */
const DOCUMENT =
  /^(README|CHANGELOG|CONTRIBUTING|ARCHITECTURE|STYLE|SECURITY)\.md$|^(LICENSE|NOTICE)$/;
const SAY_NOTHING = new Set('util utils helper helpers common misc internal shared'.split(' '));

/** Names of files and folders: kebab-case, and none that says nothing. */
export const namesRule: Rule = {
  name: 'names',
  *check(tree) {
    const seen = new Set<string>();
    for (const file of tree.files.values()) {
      if (file.isGenerated || file.isTestdata) continue;
      for (const [depth, segment] of file.segments.entries()) {
        const path = file.segments.slice(0, depth + 1).join('/');
        if (seen.has(path)) continue;
        seen.add(path);
        const message = judge(segment, depth === file.segments.length - 1, file);
        if (message !== undefined) yield { path, line: 1, rule: 'names', message };
      }
    }
  },
};

function judge(segment: string, isFile: boolean, file: SourceFile): string | undefined {
  if (isFile && (DOCUMENT.test(segment) || PROTO.test(segment))) return undefined;
  const parts = segment.replace(/^\./, '').split('.');
  const wrong = parts.find((part) => !KEBAB.test(part));
  if (wrong !== undefined) return `'${wrong}' is not kebab-case; rename it`;
  const empty = file.isCode || !isFile ? parts.find((part) => SAY_NOTHING.has(part)) : undefined;
  if (empty === undefined) return undefined;
  return `'${empty}' says nothing about what is inside; name the one thing it is for`;
}
