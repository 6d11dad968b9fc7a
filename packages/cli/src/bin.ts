#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Before the first import of ours, of which most have their types stripped at each start otherwise.
// In a checkout only: elsewhere the place to keep it in would be one that others may write to.
if (import.meta.url.endsWith('.ts')) {
  enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/quorate'));
}
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
