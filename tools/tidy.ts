// Checks the rules of this house: `node tools/tidy.ts [FOLDER]`. Reads only; exit 1 on problems.
import { resolve } from 'node:path';
import { checkTree } from './tidy/check-tree.ts';
import { formatProblem } from './tidy/problem.ts';
import { readTree } from './tidy/tree.ts';

const root = resolve(process.argv[2] ?? `${import.meta.dirname}/..`);
const tree = readTree(root);
const problems = checkTree(tree);
for (const problem of problems) console.log(formatProblem(problem));
const noun = problems.length === 1 ? 'problem' : 'problems';
console.log(`tidy: ${problems.length} ${noun} in ${tree.files.size} files`);
process.exitCode = problems.length === 0 ? 0 : 1;
