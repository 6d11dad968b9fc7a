import { compareProblems, type Problem } from './problem.ts';
import type { Rule } from './rule.ts';
import { cyclesRule } from './rules/cycles.ts';
import { dependenciesRule } from './rules/dependencies.ts';
import { docLinksRule } from './rules/doc-links.ts';
import { entriesRule } from './rules/entries.ts';
import { errorCodesRule } from './rules/error-codes.ts';
import { exportListsRule } from './rules/export-lists.ts';
import { fileLengthRule } from './rules/file-length.ts';
import { functionLengthRule } from './rules/function-length.ts';
import { installScriptsRule } from './rules/install-scripts.ts';
import { layersRule } from './rules/layers.ts';
import { leftoversRule } from './rules/leftovers.ts';
import { licencesRule } from './rules/licences.ts';
import { lineLengthRule } from './rules/line-length.ts';
import { lockCompleteRule } from './rules/lock-complete.ts';
import { namesRule } from './rules/names.ts';
import { purityRule } from './rules/purity.ts';
import { versionsRule } from './rules/versions.ts';
import { workplaceRule } from './rules/workplace.ts';
import type { Tree } from './tree.ts';

/** Every rule of the house. STYLE.md gives the reason for each, under the same name. */
const RULES: readonly Rule[] = [
  cyclesRule,
  dependenciesRule,
  docLinksRule,
  entriesRule,
  errorCodesRule,
  exportListsRule,
  fileLengthRule,
  functionLengthRule,
  installScriptsRule,
  lockCompleteRule,
  layersRule,
  leftoversRule,
  licencesRule,
  lineLengthRule,
  namesRule,
  purityRule,
  versionsRule,
  workplaceRule,
];

/** @returns all problems, sorted by place */
export function checkTree(tree: Tree, rules: readonly Rule[] = RULES): Problem[] {
  return rules.flatMap((rule) => [...rule.check(tree)]).sort(compareProblems);
}
