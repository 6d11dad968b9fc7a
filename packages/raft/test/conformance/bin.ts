// Runs case files of quorum arithmetic and configuration changes against the core's own code:
// `npm run -s conformance -- PATH...`, each a case file or a folder of them; without a path our
// own cases. Exits with 1 when a case fails and 2 when it cannot run them.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Failure, runCases } from './run-cases.ts';

const ownCases = fileURLToPath(new URL('./cases', import.meta.url));
const usage = `usage: npm run -s conformance -- [PATH...]

Each PATH is a case file, or a folder of them (*.txt); without one our own cases are run.
Exit status: 0 all passed, 1 some failed, 2 usage, or a path that cannot be read.`;

/** @throws Error for a path that cannot be read or holds no case file */
function caseFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  const files = names
    .filter((name) => name.endsWith('.txt'))
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile())
    .sort();
  if (files.length === 0) throw new Error(`${path}: no case file (*.txt) is in there`);
  return files;
}

function indented(text: string): string {
  return text === '' ? '  (nothing)' : text.replace(/^/gm, '  ');
}

function describe(failure: Failure): string {
  if ('problem' in failure) return `${failure.line}: ${failure.problem}`;
  const { line, wanted, got } = failure;
  return `${line}: failed\n wanted\n${indented(wanted)}\n got\n${indented(got)}`;
}

function run(paths: readonly string[]): number {
  const files = [...new Set(paths.flatMap(caseFiles))];
  const texts = files.map((file) => [file, readFileSync(file, 'utf8')] as const);
  let passed = 0;
  let failed = 0;
  for (const [file, text] of texts) {
    const result = runCases(text);
    passed += result.passed;
    failed += result.failures.length;
    for (const failure of result.failures) console.log(`${file}:${describe(failure)}`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function main(): number {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h', default: false } },
    });
    if (values.help) {
      console.log(usage);
      return 0;
    }
    return run(positionals.length > 0 ? positionals : [ownCases]);
  } catch (error) {
    console.error(`${usage}\n\n${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
}

process.exitCode = main();
