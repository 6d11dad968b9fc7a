import { globSync } from 'node:fs';
import { compareText } from '../tidy/problem.ts';

/**
 * Finds scripts by pattern, relative to `root`, sorted.
 *
 * @param suffix what a name ends in that is not part of it: `.bench.ts`
 * @returns each script's path by its name
 * @throws Error when two scripts have the same name
 */
export function findScripts(
  root: string,
  patterns: readonly string[],
  suffix: string,
): ReadonlyMap<string, string> {
  const paths = globSync([...patterns], { cwd: root, exclude: ['**/node_modules/**'] });
  const scripts = new Map<string, string>();
  for (const path of paths.map((found) => found.replaceAll('\\', '/')).sort(compareText)) {
    const name = path.slice(path.lastIndexOf('/') + 1, -suffix.length);
    const other = scripts.get(name);
    if (other !== undefined) throw new Error(`${other} and ${path} share a name; rename one`);
    scripts.set(name, path);
  }
  return scripts;
}
