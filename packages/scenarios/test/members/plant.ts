import { registerHooks } from 'node:module';
import { mistakeNamed } from './planted-mistakes.ts';

// Loaded by --import ahead of `play.ts`: changes a source file on its way from disk to memory.

const { file, find, replace } = mistakeNamed(process.env['QUORATE_MISTAKE']);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(`/packages/${file}`)) return loaded;
    const { source: bytes } = loaded;
    if (bytes === undefined || bytes === null) throw new Error(`${url} has no source`);
    const source = typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);
    if (source.split(find).length !== 2) throw new Error(`its place in ${file} has changed`);
    return { ...loaded, source: source.replace(find, () => replace) };
  },
});
