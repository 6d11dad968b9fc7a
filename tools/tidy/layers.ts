import type { SourceFile } from './source-file.ts';
import { readJson, type Tree } from './tree.ts';
import type { WorkspacePackage } from './workspace-package.ts';

interface Level {
  readonly packages: readonly string[];
  readonly mayImport: readonly string[];
  /** Narrower, for the files below `core/`. */
  readonly coreMayImport?: readonly string[];
}

interface Exception {
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

/** layers.json: the one table of who may import whom, and who must be deterministic. */
export interface Layers {
  readonly levels: readonly Level[];
  readonly exceptions: readonly Exception[];
  readonly testsMayAlsoImport: readonly string[];
  /** Package folders, or a star and `/core` for every core folder. */
  readonly pure: readonly string[];
  readonly withoutPromises: readonly string[];
  /** The dependencies from outside that a pure package may have. */
  readonly pureMayDependOn: readonly Exception[];
}

export const LAYERS_PATH = 'layers.json';

export function readLayers(tree: Tree): Layers {
  const layers = readJson<Partial<Layers>>(tree, LAYERS_PATH);
  return {
    levels: layers.levels ?? [],
    exceptions: layers.exceptions ?? [],
    testsMayAlsoImport: layers.testsMayAlsoImport ?? [],
    pure: layers.pure ?? [],
    withoutPromises: layers.withoutPromises ?? [],
    pureMayDependOn: layers.pureMayDependOn ?? [],
  };
}

export function levelOf(layers: Layers, pkg: WorkspacePackage): Level | undefined {
  return layers.levels.find((level) => level.packages.includes(pkg.folder));
}

/** Whether shipped code in `file` has to be deterministic. */
export function isPure(layers: Layers, pkg: WorkspacePackage, file: SourceFile): boolean {
  return layers.pure.includes(pkg.folder) || (file.isInCore && layers.pure.includes('*/core'));
}
