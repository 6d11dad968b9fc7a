import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** `leaving`: the others were asked, and may have agreed. `left`: they have. */
type LeaveState = 'leaving' | 'left';

const fileName = 'left';

/**
 * Says in a node's directory that it has left of its own will, so that it does not come back by
 * itself: what it was when it was last heard of, its log alone does not tell.
 */
export class LeaveMark {
  readonly #directory: string | null;
  #state: LeaveState | null;

  /** @param directory null: nothing outlives the process */
  constructor(directory: string | null) {
    this.#directory = directory;
    this.#state = directory === null ? null : readState(join(directory, fileName));
  }

  get state(): LeaveState | null {
    return this.#state;
  }

  /** Durable when it returns. @throws what the file system says */
  set(state: LeaveState): void {
    this.#state = state;
    if (this.#directory === null) return;
    const path = join(this.#directory, fileName);
    const next = `${path}.next`;
    writeFileSync(next, `${state}\n`, { flush: true });
    renameSync(next, path);
    syncDirectory(this.#directory);
  }

  clear(): void {
    if (this.#state === null) return;
    this.#state = null;
    if (this.#directory === null) return;
    rmSync(join(this.#directory, fileName), { force: true });
    syncDirectory(this.#directory);
  }
}

function readState(path: string): LeaveState | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return text === 'leaving\n' ? 'leaving' : 'left';
}

function syncDirectory(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
