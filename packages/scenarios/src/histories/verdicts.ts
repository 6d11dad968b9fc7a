import { MalformedLine } from './jepsen-log.ts';

/**
 * Reads which histories are linearizable: a head line `file<TAB>linearizable`, then one line for
 * each file, its name, a tab, and `true` or `false`.
 *
 * @throws MalformedLine
 */
export function parseVerdicts(text: string): Map<string, boolean> {
  const [head, ...rows] = text.split(/\r?\n/);
  if (head !== 'file\tlinearizable') {
    throw new MalformedLine(1, "wanted is the head line 'file<TAB>linearizable'");
  }
  const verdicts = new Map<string, boolean>();
  for (const [at, row] of rows.entries()) {
    if (row === '') continue;
    const [file = '', verdict, ...others] = row.split('\t');
    const line = at + 2;
    if (file === '' || others.length > 0 || (verdict !== 'true' && verdict !== 'false')) {
      throw new MalformedLine(line, "wanted are a file's name, a tab, and true or false");
    }
    if (verdicts.has(file)) throw new MalformedLine(line, `${file} has a row already`);
    verdicts.set(file, verdict === 'true');
  }
  return verdicts;
}
