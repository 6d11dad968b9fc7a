import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CliError } from './cli-error.ts';

/**
 * One line of standard input; typed unseen at a terminal, which is asked on standard error.
 *
 * @throws CliError CLI_USAGE when there is none
 */
export async function readPassword(prompt: string): Promise<string> {
  const isTyped = process.stdin.isTTY;
  if (isTyped) process.stderr.write(prompt);
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: unseen, terminal: isTyped });
  const password = await new Promise<string>((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(''));
    lines.once('SIGINT', () => process.exit(130));
  });
  lines.close();
  process.stdin.pause();
  if (isTyped) process.stderr.write('\n');
  if (password !== '') return password;
  throw new CliError(
    'CLI_USAGE',
    'there is no password; type one, or give it on standard input',
    {},
  );
}
