import { lockDirectory } from '../../src/disk/directory-lock.ts';

// Run as a process of its own: locks the directory it is given and waits to be killed.
lockDirectory(process.argv[2] as string);
process.stdout.write('locked\n');
process.stdin.resume();
