import { appendFileSync, chmodSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../cli-error.ts';
import { ledgerHistoryVariable } from '../../configuration/environment.ts';
import { replaceFile } from '../atomic-file.ts';
import { readIfThere } from '../import/import-position.ts';

/** So many lines are kept from one session to the next. */
export const mostHistoryLines = 1000;

/** Of amounts and accounts nobody else is to read. */
const ownersOnly = 0o600;

/** @returns where typed lines are kept; null: nowhere */
export function historyPath(environment: NodeJS.ProcessEnv): string | null {
  const given = environment[ledgerHistoryVariable];
  if (given !== undefined) return given === '' ? null : given;
  return join(homedir(), '.quorate_ledger_history');
}

/** The lines that were typed into the shell, in this session and in those before. */
export class HistoryFile {
  readonly #path: string;
  readonly #note: (text: string) => void;
  #isKept = true;
  #last = '';

  /**
   * @param path of a file that need not be there
   * @param note told once when lines cannot be kept
   */
  constructor(path: string, note: (text: string) => void) {
    this.#path = path;
    this.#note = note;
  }

  /** @returns the newest first; the file is cut to so many */
  read(): string[] {
    let lines: string[] = [];
    this.#attempt(() => {
      const text = readIfThere(this.#path);
      if (text === null) return;
      lines = text.split('\n').filter((line) => line !== '');
      if (lines.length > mostHistoryLines) {
        lines = lines.slice(-mostHistoryLines);
        replaceFile(this.#path, `${lines.join('\n')}\n`);
      }
      chmodSync(this.#path, ownersOnly);
    });
    this.#last = lines.at(-1) ?? '';
    return lines.reverse();
  }

  /** Behind those that are there, for another shell may add its own. */
  add(line: string): void {
    if (line.trim() === '' || line === this.#last) return;
    this.#last = line;
    this.#attempt(() => appendFileSync(this.#path, `${line}\n`, { mode: ownersOnly }));
  }

  #attempt(act: () => void): void {
    if (!this.#isKept) return;
    try {
      act();
    } catch (error) {
      this.#isKept = false;
      this.#note(`typed lines are not kept in ${this.#path}: ${messageOf(error)}`);
    }
  }
}
