import type { Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';

const REASON_ABOVE = 400;
const FAILS_ABOVE = 600;
const REASON = /\bLong because: \S/;
/** How far down the reason may stand. */
const TOP_LINES = 10;

/** A file a reader can hold in mind; a longer one says why. */
export const fileLengthRule: Rule = {
  name: 'file-length',
  *check(tree) {
    for (const file of tree.files.values()) {
      if (!file.isCode || file.isGenerated || file.isTestdata) continue;
      const lines = countLines(file.text);
      if (lines > FAILS_ABOVE) {
        const message = `${lines} lines, over ${FAILS_ABOVE}; split it by duty`;
        yield { path: file.path, line: 1, rule: 'file-length', message };
      } else if (lines > REASON_ABOVE && !givesReason(file)) {
        const mend = `split it, or begin it with '// Long because: ...'`;
        const message = `${lines} lines, over ${REASON_ABOVE}, and no reason; ${mend}`;
        yield { path: file.path, line: 1, rule: 'file-length', message };
      }
    }
  },
};

function countLines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

function givesReason(file: SourceFile): boolean {
  const { comments } = file.tokens;
  return comments.some(({ text, line }) => line <= TOP_LINES && REASON.test(text));
}
