import { CliError } from '../src/cli-error.ts';

/**
 * What `load` gives, or in short why it was refused: code, setting and the beginning of what is
 * wrong. The whole message quotes the input and would differ each time.
 */
export function cliOutcome<T extends object>(load: () => T): T | string {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const setting = 'setting' in error.metadata ? error.metadata.setting : '';
    const words = error.message
      .replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
      .split(': ')
      .slice(1)
      .join(' ');
    const start = words
      .replaceAll(/[^ a-zA-Z]/g, '')
      .trim()
      .slice(0, 24);
    return [error.code, setting, start].join(' ');
  }
}
