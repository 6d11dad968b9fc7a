import type { PackagePlan } from './plan.ts';

/** What only the workspace needs. */
const DROPPED = new Set(['devDependencies', 'scripts', 'files', 'exports', 'bin']);

/** `src/index.ts` is published as `src/index.js`, with its types beside it. */
export function builtFile(source: string, extension: '.js' | '.d.ts'): string {
  return source.replace(/\.ts$/, extension);
}

/**
 * The package.json that is published: entries and programs lead to what is built.
 *
 * Why rewritten: npm applies no `exports` of `publishConfig`. `files` is left out because nothing
 * is staged that is not published.
 */
export function publishedManifest(plan: PackagePlan): Readonly<Record<string, unknown>> {
  const published: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(plan.manifest)) {
    if (!DROPPED.has(field)) published[field] = value;
    if (field === 'exports') published[field] = Object.fromEntries(exportsOf(plan));
    if (field === 'bin') published[field] = Object.fromEntries(programsOf(plan));
  }
  return published;
}

function* exportsOf(plan: PackagePlan): Iterable<[string, unknown]> {
  for (const [entry, source] of plan.entries) {
    // Conditions are tried in the order in which they stand.
    const types = `./${builtFile(source, '.d.ts')}`;
    yield [entry, { types, default: `./${builtFile(source, '.js')}` }];
  }
}

function* programsOf(plan: PackagePlan): Iterable<[string, string]> {
  for (const [command, source] of plan.programs) yield [command, builtFile(source, '.js')];
}
