import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../run/run-command.ts';
import { compareText } from '../tidy/problem.ts';
import type { StagedPackage } from './stage.ts';

export interface Tarball {
  readonly staged: StagedPackage;
  readonly path: string;
  readonly packedBytes: number;
}

/** As much as is needed of what `npm pack --json` reports. */
interface PackReport {
  readonly name: string;
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/**
 * Has npm make a tarball of each package in `outFolder`.
 *
 * @throws Error with what npm said, or naming what npm left out of a tarball
 */
export async function packTarballs(
  packages: readonly StagedPackage[],
  outFolder: string,
): Promise<readonly Tarball[]> {
  mkdirSync(outFolder, { recursive: true });
  const folders = packages.map(({ folder }) => folder);
  const flags = ['--json', '--loglevel=silent', '--pack-destination', outFolder];
  const { exitCode, output } = await runCommand(['npm', 'pack', ...flags, ...folders], {
    output: 'collect',
  });
  if (exitCode !== 0) throw new Error(`npm pack ended with ${exitCode}\n${output.trimEnd()}`);
  const reports = JSON.parse(output) as readonly PackReport[];
  return packages.map((staged) => {
    const report = reports.find(({ name }) => name === staged.plan.name);
    if (report === undefined) throw new Error(`npm pack made no tarball of ${staged.plan.name}`);
    const packed = new Set(report.files.map(({ path }) => path));
    const missing = staged.files.filter((file) => !packed.has(file)).sort(compareText);
    if (missing.length > 0) {
      const what = `the tarball of ${staged.plan.name} is without ${missing.join(', ')}`;
      throw new Error(`${what}: npm never packs a file of that name; give it another`);
    }
    return { staged, path: join(outFolder, report.filename), packedBytes: report.size };
  });
}
