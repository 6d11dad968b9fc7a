import { relative, resolve } from 'node:path';
import type { Output } from '../output.ts';
import { writeProject } from './write-project.ts';

/**
 * Writes a project with a state machine, a server and a test, and says what comes next.
 *
 * @param version of this command
 * @throws CliError CLI_DATA_DIRECTORY
 */
export function newProject(directory: string, version: string, output: Output): number {
  const files = writeProject(directory, version);
  if (output.isJson) {
    output.json({ directory: resolve(directory), files });
    return 0;
  }
  const enter = relative(process.cwd(), resolve(directory));
  output.line(`wrote ${files.length} files to ${directory}: ${files.join(', ')}`);
  output.line('next:');
  if (enter !== '') output.line(`  cd ${/^[\w./-]+$/.test(enter) ? enter : `'${enter}'`}`);
  output.line('  npm install');
  output.line('  npm test      three nodes, real and simulated, with which much goes wrong');
  output.line('  npm start     three nodes as three processes; Ctrl-C stops them');
  output.line('README.md there says how to use and change it.');
  return 0;
}
