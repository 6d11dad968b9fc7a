import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runCommand } from '../run/run-command.ts';
import { type FreshProject, RESOLUTIONS, writeFreshProject } from './fresh-project.ts';
import type { Tarball } from './tarballs.ts';

interface Check {
  readonly name: string;
  readonly command: readonly string[];
  /** The whole output; left out: the exit code says it all. */
  readonly expected?: string;
  /** Nothing after it makes sense when it fails. */
  readonly isVital?: boolean;
}

/**
 * Installs the tarballs into a fresh project and holds them to what users do with them.
 *
 * @param print takes a line for each check, and what a failed one said
 * @returns how many checks failed
 */
export async function checkTarballs(
  tarballs: readonly Tarball[],
  print: (line: string) => void,
): Promise<number> {
  const project = writeFreshProject(tarballs);
  const checks = [...checksIn(project, tarballs), ...tarballs.flatMap(checksOf)];
  let failed = 0;
  try {
    for (const check of checks) {
      const { exitCode, output, seconds } = await runCommand(check.command, { output: 'collect' });
      const hasPassed = exitCode === 0 && (check.expected ?? output) === output;
      const verdict = hasPassed ? 'passed' : 'FAILED';
      print(`${check.name.padEnd(36)}${verdict}  ${seconds.toFixed(1).padStart(6)} s`);
      if (hasPassed) continue;
      failed += 1;
      const wanted = check.expected === undefined ? '' : `; expected:\n${check.expected}`;
      print(`── ${check.command.join(' ')} (exit ${exitCode}${wanted})\n${output.trimEnd()}\n`);
      if (check.isVital) break;
    }
  } finally {
    rmSync(project.folder, { recursive: true, force: true });
  }
  return failed;
}

function checksIn(
  { folder, programs }: FreshProject,
  tarballs: readonly Tarball[],
): readonly Check[] {
  // Scripts are not run: a package that needs one to work does not belong here.
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  const install = ['npm', 'install', '--prefix', folder, '--loglevel=error', ...flags];
  const types = Object.keys(RESOLUTIONS).map((name) => ({
    name: `types, ${name}`,
    command: ['tsc', '-p', join(folder, `tsconfig.${name}.json`)],
  }));
  const runs = programs.map(({ name, path, output }) => ({
    name: `run ${name}`,
    command: ['node', '--eval', START, folder, path],
    expected: output,
  }));
  const versions = tarballs.flatMap(({ staged: { plan } }) =>
    [...plan.programs.keys()].map((command) => ({
      name: `${command} --version`,
      command: [join(folder, 'node_modules/.bin', command), '--version'],
      expected: `${plan.manifest.version}\n`,
    })),
  );
  return [{ name: 'install', command: install, isVital: true }, ...types, ...runs, ...versions];
}

/** A program is started in its project, so that what it writes is gone with that. */
const START = `
  process.chdir(process.argv[1]);
  import(require('node:url').pathToFileURL(process.argv[2]));
`;

function checksOf({ path }: Tarball): readonly Check[] {
  const name = basename(path);
  return [
    { name: `publint ${name}`, command: ['publint', 'run', path, '--strict'] },
    { name: `attw ${name}`, command: ['attw', path, '--profile', 'esm-only', '--no-color'] },
  ];
}
