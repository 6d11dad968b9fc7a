// Builds and packs every package that is published: `npm run pack [-- --check] [--out DIR]`.
// The tarballs are left in dist/packages. With `--check` they are also installed into a fresh
// project, where they are type-checked and run, and looked over by publint and attw.
// Exit: 0 all is well, 1 not so, 2 usage.
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compilePackages } from './pack/build.ts';
import { checkTarballs } from './pack/checks.ts';
import { type PackagePlan, planPacking } from './pack/plan.ts';
import { brokenReferences } from './pack/references.ts';
import { type StagedPackage, stagePackage } from './pack/stage.ts';
import { packTarballs, type Tarball } from './pack/tarballs.ts';
import { ROOT } from './run/run-command.ts';
import { runTool } from './run/run-tool.ts';
import { readTree } from './tidy/tree.ts';

const USAGE = `usage: npm run pack [-- --check] [--out DIR]

  --check     installs the tarballs into a fresh project, and tries them there
  --out DIR   where they are left, in packages/ (default dist)`;
const OPTIONS = {
  check: { type: 'boolean', default: false },
  out: { type: 'string', default: 'dist' },
} as const;

/** @throws Error naming every reference that would lead nowhere */
function stageAll(plans: readonly PackagePlan[], out: string): readonly StagedPackage[] {
  const folders = { root: ROOT, built: join(out, 'built'), staging: join(out, 'staging') };
  const staged = plans.map((plan) => stagePackage(plan, folders));
  const problems = staged.flatMap((one) => brokenReferences(one, plans));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return staged;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

function describe({ staged, packedBytes }: Tarball): string {
  const { plan, files, bytes } = staged;
  const entries = [...plan.entries.keys()].map((entry) => `${plan.name}${entry.slice(1)}`);
  const programs = [...plan.programs.keys()].map((command) => `${command} (program)`);
  return [
    plan.name.padEnd(20),
    `${files.length} files`.padStart(10),
    kilobytes(packedBytes).padStart(11),
    kilobytes(bytes).padStart(11),
    `   ${[...entries, ...programs].join(', ')}`,
  ].join('');
}

async function pack(out: string): Promise<readonly Tarball[]> {
  const plans = planPacking(readTree(ROOT));
  for (const folder of ['built', 'staging', 'packages']) {
    rmSync(join(out, folder), { recursive: true, force: true });
  }
  const startedMs = performance.now();
  await compilePackages(ROOT, join(out, 'built'), plans);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`compiled ${plans.length} packages in ${seconds} s`);
  const tarballs = await packTarballs(stageAll(plans, out), join(out, 'packages'));
  for (const tarball of tarballs) console.log(describe(tarball));
  return tarballs;
}

async function packAndCheck(values: { check: boolean; out: string }): Promise<number> {
  const out = resolve(ROOT, values.out);
  const tarballs = await pack(out);
  const failed = values.check ? await checkTarballs(tarballs, console.log) : 0;
  const packed = kilobytes(tarballs.reduce((sum, { packedBytes }) => sum + packedBytes, 0));
  const unpacked = kilobytes(tarballs.reduce((sum, { staged }) => sum + staged.bytes, 0));
  const verdict = values.check ? `, ${failed} checks failed` : '';
  const where = join(values.out, 'packages');
  console.log(
    `pack: ${tarballs.length} packages in ${where}, ${packed} (unpacked ${unpacked})${verdict}`,
  );
  return failed === 0 ? 0 : 1;
}

async function run(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  try {
    return await packAndCheck(values);
  } catch (error) {
    console.error(`pack: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

await runTool({ args: process.argv.slice(2), usage: () => USAGE, run });
