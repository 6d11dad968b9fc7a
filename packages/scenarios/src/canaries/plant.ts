import { registerHooks } from 'node:module';
import { editsOf } from './canary.ts';
import { canaries } from './registry.ts';

// Loaded by --import ahead of the program: changes source files on their way from disk to memory.

const name = process.env['QUORATE_CANARY'];
const canary = canaries.find((candidate) => candidate.name === name);
if (canary === undefined) throw new Error(`there is no canary ${name}`);
const missing = new Set(editsOf(canary));

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const edits = editsOf(canary).filter(({ file }) => url.endsWith(`/packages/${file}`));
    if (edits.length === 0) return loaded;
    const { source: bytes } = loaded;
    if (bytes === undefined || bytes === null) throw new Error(`${url} has no source`);
    let source = typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);
    for (const edit of edits) {
      if (source.split(edit.find).length !== 2) {
        throw new Error(`canary ${canary.name}: its place in ${edit.file} has changed`);
      }
      missing.delete(edit);
      source = source.replace(edit.find, () => edit.replace);
    }
    return { ...loaded, source };
  },
});

process.on('exit', () => {
  for (const { file } of missing) {
    process.stderr.write(`canary ${canary.name}: ${file} was never loaded\n`);
    process.exitCode = 4;
  }
});
