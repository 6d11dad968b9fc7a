import { compareText } from '../tidy/problem.ts';
import type { Tree } from '../tidy/tree.ts';
import { entryFiles, type Manifest, type WorkspacePackage } from '../tidy/workspace-package.ts';

/** What a package.json says beside what tidy reads of it. */
export interface PackableManifest extends Manifest {
  readonly private?: boolean;
  /** Folders and files that are published, relative to the package. */
  readonly files?: readonly string[];
  /** Programs by the name of their command. */
  readonly bin?: Readonly<Record<string, string>>;
}

/** What is done with one package. */
export interface PackagePlan {
  readonly name: string;
  /** The folder's name below `packages/`. */
  readonly folder: string;
  /** Path of its folder, relative to the root. */
  readonly path: string;
  readonly manifest: PackableManifest;
  /** Source file of each entry (`.`, `./core`), relative to the package: `src/index.ts`. */
  readonly entries: ReadonlyMap<string, string>;
  /** Source file of each program, likewise. */
  readonly programs: ReadonlyMap<string, string>;
  /** Of `files`, those that hold an entry or a program: their TypeScript is compiled. */
  readonly codeFolders: readonly string[];
  /** Of `files`, the others: copied as they are. */
  readonly assets: readonly string[];
}

/**
 * Decides what is published: every package that is not private, those it depends on before it.
 *
 * @throws Error naming everything that stands in the way
 */
export function planPacking(tree: Tree): readonly PackagePlan[] {
  const plans = tree.packages.filter((pkg) => !manifestOf(pkg).private).map(planPackage);
  const problems = plans.flatMap((plan) => problemsOf(tree, plan, plans));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return inDependencyOrder(plans);
}

function manifestOf(pkg: WorkspacePackage): PackableManifest {
  return pkg.manifest;
}

function planPackage(pkg: WorkspacePackage): PackagePlan {
  const manifest = manifestOf(pkg);
  const { name, folder, path } = pkg;
  const entries = new Map<string, string>();
  for (const [entry, file] of entryFiles(pkg)) entries.set(entry, file.slice(path.length + 1));
  const programs = new Map<string, string>();
  for (const [command, file] of Object.entries(manifest.bin ?? {})) {
    programs.set(command, file.replace(/^\.\//, ''));
  }
  const starts = [...entries.values(), ...programs.values()];
  const files = manifest.files ?? [];
  const codeFolders = files.filter((file) => starts.some((start) => start.startsWith(`${file}/`)));
  const assets = files.filter((file) => !codeFolders.includes(file));
  return { name, folder, path, manifest, entries, programs, codeFolders, assets };
}

function problemsOf(tree: Tree, plan: PackagePlan, plans: readonly PackagePlan[]): string[] {
  const problems: string[] = [];
  const { name, path, manifest } = plan;
  const at = `${path}/package.json`;
  if (plan.codeFolders.length === 0) problems.push(`${at}: files names no folder with code`);
  for (const file of [...plan.entries.values(), ...plan.programs.values()]) {
    if (plan.codeFolders.some((folder) => file.startsWith(`${folder}/`))) continue;
    problems.push(`${at}: files leaves out ${file}, which is an entry; add its folder`);
  }
  for (const asset of plan.assets) {
    const isThere = [...tree.files.keys()].some((file) => isBelow(file, `${path}/${asset}`));
    if (!isThere) problems.push(`${at}: files names ${asset}, which is not there; take it out`);
  }
  const unpublished = tree.packages.map((pkg) => pkg.name).filter((one) => !isOneOf(plans, one));
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    if (!unpublished.includes(dependency)) continue;
    problems.push(`${at}: ${name} depends on ${dependency}, which is private; publish that too`);
  }
  if (!tree.files.has(`${path}/README.md`)) problems.push(`${path}/README.md is missing; write it`);
  return problems;
}

function isBelow(file: string, path: string): boolean {
  return file === path || file.startsWith(`${path}/`);
}

function isOneOf(plans: readonly PackagePlan[], name: string): boolean {
  return plans.some((plan) => plan.name === name);
}

function inDependencyOrder(plans: readonly PackagePlan[]): readonly PackagePlan[] {
  const ordered: PackagePlan[] = [];
  const waiting = [...plans].sort((a, b) => compareText(a.name, b.name));
  while (waiting.length > 0) {
    const at = waiting.findIndex(({ manifest }) =>
      Object.keys(manifest.dependencies ?? {}).every((name) => !isOneOf(waiting, name)),
    );
    const [next] = waiting.splice(at, at < 0 ? 0 : 1);
    if (next === undefined) {
      const names = waiting.map(({ name }) => name).join(', ');
      throw new Error(`${names} depend on each other in a circle; run 'node tools/tidy.ts'`);
    }
    ordered.push(next);
  }
  return ordered;
}
