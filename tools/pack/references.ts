import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import { SourceFile } from '../tidy/source-file.ts';
import { is } from '../tidy/tokens.ts';
import { splitSpecifier } from '../tidy/workspace-package.ts';
import type { PackagePlan } from './plan.ts';
import type { StagedPackage } from './stage.ts';

const BUILT_IN = new Set(builtinModules);

/**
 * What the files of a package refer to and would not find once it is installed: modules beside
 * them, dependencies and entries of ours that are not declared, files that are found by URL.
 *
 * @param plans of all packages that are published
 * @returns a sentence for each, with the file
 */
export function brokenReferences(
  staged: StagedPackage,
  plans: readonly PackagePlan[],
): readonly string[] {
  const problems: string[] = [];
  for (const path of staged.files) {
    if (!/\.(js|d\.ts)$/.test(path) || isAsset(staged.plan, path)) continue;
    const file = new SourceFile(path, readFileSync(join(staged.folder, path), 'utf8'));
    const at = `${staged.plan.name}: ${path}`;
    for (const { specifier } of file.module.imports) {
      const problem = judgeImport(specifier, file, staged, plans);
      if (problem !== undefined) problems.push(`${at} imports ${specifier}, ${problem}`);
    }
    for (const target of urlTargets(file)) {
      const pattern = posix.join(posix.dirname(path), target);
      if (globSync(pattern, { cwd: staged.folder }).length > 0) continue;
      problems.push(`${at} looks for ${target}, which is not published`);
    }
  }
  return problems;
}

function isAsset(plan: PackagePlan, path: string): boolean {
  return plan.assets.some((asset) => path === asset || path.startsWith(`${asset}/`));
}

function judgeImport(
  specifier: string,
  file: SourceFile,
  { plan, files }: StagedPackage,
  plans: readonly PackagePlan[],
): string | undefined {
  if (specifier.startsWith('node:')) {
    return BUILT_IN.has(specifier.slice('node:'.length)) || BUILT_IN.has(specifier)
      ? undefined
      : 'which Node does not have';
  }
  const named = splitSpecifier(specifier);
  if (named === undefined) {
    const target = posix.join(posix.dirname(file.path), specifier);
    const wanted = file.path.endsWith('.d.ts') ? target.replace(/\.js$/, '.d.ts') : target;
    return files.includes(wanted) ? undefined : 'which is not published';
  }
  const { name, subpath } = named;
  if (name !== plan.name && plan.manifest.dependencies?.[name] === undefined) {
    return 'which is no dependency';
  }
  const ours = plans.find((one) => one.name === name);
  if (ours === undefined || ours.entries.has(subpath === '' ? '.' : `./${subpath}`)) {
    return undefined;
  }
  return 'which is no entry of that package';
}

/** The first argument of each `new URL(..., import.meta.url)`; what it interpolates is any text. */
function* urlTargets(file: SourceFile): Iterable<string> {
  const { code } = file.tokens;
  for (let at = 0; at < code.length; at++) {
    if (!is(code[at], 'new') || !is(code[at + 1], 'URL') || !is(code[at + 2], '(')) continue;
    let target = '';
    let end = at + 3;
    for (; end < code.length && !is(code[end], ',', ')'); end++) {
      const token = code[end];
      const isText = token?.kind === 'string' || token?.kind === 'template';
      target += isText ? token.text : '*';
    }
    const base = code.slice(end + 1, end + 6).map((token) => token.text);
    if (base.join('') === 'import.meta.url') yield target.replace(/\*+/g, '*').replace(/\/$/, '');
  }
}
