import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../run/run-command.ts';
import type { Manifest } from '../tidy/workspace-package.ts';
import { readmeExample } from './readme-example.ts';
import type { Tarball } from './tarballs.ts';

/** How a user's TypeScript may be set up to find packages. */
export const RESOLUTIONS = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
} as const;

/** Declarations are checked as well, with no lib beyond what the target brings. */
const COMPILER_OPTIONS = {
  target: 'es2023',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  // Node runs the programs as they are.
  allowImportingTsExtensions: true,
  skipLibCheck: false,
};

/** A program in the project, started with the project as its current folder. */
export interface ProjectProgram {
  readonly name: string;
  /** Relative to the project. */
  readonly path: string;
  readonly output: string;
}

export interface FreshProject {
  /** Below the system's folder for temporary files; the caller removes it. */
  readonly folder: string;
  readonly programs: readonly ProjectProgram[];
}

/**
 * Writes a project as a user has it: every tarball a dependency; programs that import each entry,
 * run a node, and are the examples of the READMEs; a configuration of TypeScript for each
 * resolution. Nothing is installed yet.
 */
export function writeFreshProject(tarballs: readonly Tarball[]): FreshProject {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-pack-'));
  const root = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  const manifest = {
    name: 'consumer',
    version: '1.0.0',
    private: true,
    type: 'module',
    dependencies: Object.fromEntries(
      tarballs.map(({ staged, path }) => [staged.plan.name, `file:${path}`]),
    ),
    devDependencies: { '@types/node': root.devDependencies?.['@types/node'] },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  for (const [name, resolution] of Object.entries(RESOLUTIONS)) {
    const compilerOptions = { ...COMPILER_OPTIONS, ...resolution };
    const text = JSON.stringify({ compilerOptions, include: ['source'] });
    writeFileSync(join(folder, `tsconfig.${name}.json`), text);
  }
  mkdirSync(join(folder, 'source'));
  copyFileSync(join(import.meta.dirname, 'consumer/counter.ts'), join(folder, 'source/counter.ts'));
  const programs: ProjectProgram[] = [];
  const add = (name: string, text: string, output: string): void => {
    const path = `source/${name.replaceAll(' ', '-')}.ts`;
    writeFileSync(join(folder, path), text);
    programs.push({ name, path, output });
  };
  const specifiers = specifiersOf(tarballs);
  add('imports', importAll(specifiers), `${specifiers.length} entries\n`);
  add('node', COUNT, 'counted to 5\n');
  for (const { staged } of tarballs) {
    const example = readmeExample(readFileSync(join(staged.folder, 'README.md'), 'utf8'));
    if (example !== null) add(`readme ${staged.plan.folder}`, example.program, example.output);
  }
  return { folder, programs };
}

function specifiersOf(tarballs: readonly Tarball[]): readonly string[] {
  return tarballs.flatMap(({ staged: { plan } }) =>
    [...plan.entries.keys()].map((entry) => `${plan.name}${entry.slice(1)}`),
  );
}

function importAll(specifiers: readonly string[]): string {
  const imports = specifiers.map((specifier, at) => `import * as entry${at} from '${specifier}';`);
  const names = specifiers.map((_, at) => `entry${at}`).join(', ');
  return [...imports, `console.log([${names}].length, 'entries');`, ''].join('\n');
}

/** What the first node has written is there for the second. */
const COUNT = `import { count } from './counter.ts';

await count('data', 2);
console.log('counted to', await count('data', 3));
`;
