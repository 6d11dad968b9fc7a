import { registerHooks } from 'node:module';
import { canaries } from './registry.ts';

// Loaded by --import ahead of the program: changes one source file on its way from disk to memory.

const name = process.env['QUORATE_CANARY'];
const canary = canaries.find((candidate) => candidate.name === name);
if (canary === undefined) throw new Error(`there is no canary ${name}`);
let planted = false;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(`/packages/${canary.file}`)) return loaded;
    const { source: bytes } = loaded;
    if (bytes === undefined || bytes === null) throw new Error(`${url} has no source`);
    const source = typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);
    if (source.split(canary.find).length !== 2) {
      throw new Error(`canary ${canary.name}: its place in ${canary.file} has changed`);
    }
    planted = true;
    return { ...loaded, source: source.replace(canary.find, () => canary.replace) };
  },
});

process.on('exit', () => {
  if (planted) return;
  process.stderr.write(`canary ${canary.name}: ${canary.file} was never loaded\n`);
  process.exitCode = 4;
});
