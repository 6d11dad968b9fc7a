#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Before the first import of ours: the next start then need not compile them again.
enableCompileCache();
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
