import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../run/run-command.ts';
import type { PackagePlan } from './plan.ts';

/**
 * Compiles the code of all packages to JavaScript, declarations and source maps that hold the
 * sources, below `outFolder` as it stands below `root`.
 *
 * Why all at once: in the workspace packages find each other as sources, and one run compiles each
 * of them once.
 *
 * @throws Error with what the compiler said
 */
export async function compilePackages(
  root: string,
  outFolder: string,
  plans: readonly PackagePlan[],
): Promise<void> {
  mkdirSync(outFolder, { recursive: true });
  const project = join(outFolder, 'tsconfig.json');
  const configuration = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      noEmitOnError: true,
      rootDir: root,
      typeRoots: [join(root, 'node_modules/@types')],
      outDir: outFolder,
      declaration: true,
      sourceMap: true,
      inlineSources: true,
    },
    include: plans.flatMap(({ path, codeFolders }) =>
      codeFolders.map((folder) => join(root, path, folder)),
    ),
    exclude: [],
  };
  writeFileSync(project, JSON.stringify(configuration, null, 2));
  const { exitCode, output } = await runCommand(['tsc', '-p', project], { output: 'collect' });
  if (exitCode !== 0) throw new Error(`the compiler ended with ${exitCode}\n${output.trimEnd()}`);
}
