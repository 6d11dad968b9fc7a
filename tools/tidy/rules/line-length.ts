import type { Rule } from '../rule.ts';

const COLUMNS = 100;
// A directive of a model (.pml), as a macro of one, is one line.
const PROSE_AND_DATA = /\.(md|json|proto|pml|txt|svg|html|css)$|(^|\/)(LICENSE|NOTICE)$/;
/** A link cannot be broken. */
const LINK = /https?:\/\/\S{40,}/;

/** Lines fit beside each other on a screen. */
export const lineLengthRule: Rule = {
  name: 'line-length',
  *check(tree) {
    for (const file of tree.files.values()) {
      if (PROSE_AND_DATA.test(file.path) || file.isGenerated || file.isTestdata) continue;
      for (const [at, line] of file.text.split('\n').entries()) {
        if (line.length <= COLUMNS) continue;
        const columns = Array.from(line).length;
        if (columns <= COLUMNS || LINK.test(line)) continue;
        const message = `${columns} columns, over ${COLUMNS}; break the line`;
        yield { path: file.path, line: at + 1, rule: 'line-length', message };
      }
    }
  },
};
