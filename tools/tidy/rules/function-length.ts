import { findFunctions } from '../functions.ts';
import type { Rule } from '../rule.ts';

const LINES = 70;

/** A function fits on one screen. */
export const functionLengthRule: Rule = {
  name: 'function-length',
  *check(tree) {
    for (const file of tree.files.values()) {
      if (!file.isCode || file.isGenerated || file.isTestdata) continue;
      for (const { firstLine, lastLine, isSuite } of findFunctions(file.tokens.code)) {
        const lines = lastLine - firstLine + 1;
        if (isSuite || lines <= LINES) continue;
        const message = `a function of ${lines} lines, over ${LINES}; split it by duty`;
        yield { path: file.path, line: firstLine, rule: 'function-length', message };
      }
    }
  },
};
