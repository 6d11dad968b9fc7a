import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseOptions, type SimOptions, usage } from './command/options.ts';
import { runCanaries } from './command/run-canaries.ts';
import { runPictures } from './command/run-pictures.ts';
import { runSeeds } from './command/run-seeds.ts';

async function main(): Promise<number> {
  let options: SimOptions;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    process.stderr.write(`npm run sim -- --help lists the options\n${problem}\n`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (options.canaries) return runCanaries(options);
  if (options.canary !== null && process.env['QUORATE_CANARY'] === undefined) {
    return runWithCanary(options.canary);
  }
  return options.pictures.length > 0 ? runPictures(options) : runSeeds(options);
}

/** The mistake is planted while the modules load, in a process of its own; no file is changed. */
function runWithCanary(name: string): number {
  const hook = new URL('./canaries/plant.ts', import.meta.url);
  const args = ['--import', hook.href, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const env = { ...process.env, QUORATE_CANARY: name };
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env });
  return status ?? 1;
}

// A reader that has seen enough (`| head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await main();
