import type { Problem } from './problem.ts';
import type { Tree } from './tree.ts';

/** One rule of the house; it reads the tree and never writes. */
export interface Rule {
  readonly name: string;
  check(tree: Tree): Iterable<Problem>;
}
