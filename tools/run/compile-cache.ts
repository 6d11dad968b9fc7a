// Preloaded by `npm test`: each test file is a process, and so is what many of them start. With
// this they share what Node has made of our modules: types stripped, functions compiled.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

const directory = join(import.meta.dirname, '../../node_modules/.cache/quorate');
enableCompileCache(directory);
process.env['NODE_COMPILE_CACHE'] = directory;
