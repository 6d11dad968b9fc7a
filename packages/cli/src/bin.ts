#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Before the first import of ours, of which most have their types stripped at each start otherwise.
// In a checkout only: elsewhere the place to keep it in would be one that others may write to.
if (import.meta.url.endsWith('.ts')) {
  enableCompileCache(
    fileURLToPath(new URL('../../../node_modules/.cache/quorate', import.meta.url)),
  );
}
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
