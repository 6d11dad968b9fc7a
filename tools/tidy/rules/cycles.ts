import { posix } from 'node:path';
import { findCycles, type Graph } from '../cycles.ts';
import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';
import { isShipped, splitSpecifier } from '../workspace-package.ts';

/** No cycle of imports, neither between files nor between packages; types count too. */
export const cyclesRule: Rule = {
  name: 'cycles',
  *check(tree) {
    const mend = 'move what both need into a file of its own';
    for (const cycle of findCycles(fileGraph(tree))) {
      const path = cycle[0] as string;
      const message = `${[...cycle, path].join(' -> ')}; ${mend}`;
      yield { path, line: importLine(tree, path, cycle[1] ?? path), rule: 'cycles', message };
    }
    for (const cycle of findCycles(packageGraph(tree))) {
      const path = `packages/${cycle[0]}/package.json`;
      const message = `packages ${[...cycle, cycle[0]].join(' -> ')}; ${mend}`;
      yield { path, line: 1, rule: 'cycles', message };
    }
  },
};

function fileGraph(tree: Tree): Graph {
  const graph = new Map<string, Set<string>>();
  for (const file of tree.files.values()) {
    if (!file.isCode) continue;
    const targets = file.module.imports.map((site) => resolve(file.path, site.specifier));
    graph.set(file.path, new Set(targets.filter((target) => tree.files.has(target))));
  }
  return graph;
}

/** Only what ships: tests may look at packages above their own. */
function packageGraph(tree: Tree): Graph {
  const folders = new Map(tree.packages.map((pkg) => [pkg.name, pkg.folder]));
  const graph = new Map<string, Set<string>>();
  for (const pkg of tree.packages) {
    const targets = new Set<string>();
    for (const file of pkg.files.filter((candidate) => isShipped(pkg, candidate))) {
      for (const { specifier } of file.module.imports) {
        const target = folders.get(splitSpecifier(specifier)?.name ?? '');
        if (target !== undefined && target !== pkg.folder) targets.add(target);
      }
    }
    graph.set(pkg.folder, targets);
  }
  return graph;
}

function importLine(tree: Tree, path: string, target: string): number {
  const imports = tree.files.get(path)?.module.imports ?? [];
  return imports.find((site) => resolve(path, site.specifier) === target)?.line ?? 1;
}

function resolve(path: string, specifier: string): string {
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;
}
