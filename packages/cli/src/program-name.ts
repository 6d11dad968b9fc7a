import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { z } from 'zod';

const withScripts = z.object({ scripts: z.record(z.string(), z.string()) });

/**
 * How the user would call this program again.
 *
 * @param path of the program, absolute
 * @param environment in which npm sets variables, both for scripts and for npx
 */
export function programName(path: string, environment: NodeJS.ProcessEnv): string {
  const { npm_lifecycle_event: script, npm_package_json: manifest } = environment;
  if (script !== undefined) {
    return hasOwnScript(manifest) ? 'npm run -s quorate --' : 'npx quorate';
  }
  if (basename(path) === 'quorate') return 'quorate';
  return `node ${relative(process.cwd(), path)}`;
}

/** Whether the package of which a script runs, or in which npx was called, has one of this name. */
function hasOwnScript(manifest: string | undefined): boolean {
  if (manifest === undefined) return false;
  try {
    const found = withScripts.safeParse(JSON.parse(readFileSync(manifest, 'utf8')));
    return found.success && found.data.scripts['quorate'] !== undefined;
  } catch {
    return false;
  }
}
