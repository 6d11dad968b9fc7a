import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';

/** Processes that do nothing, as fast as they can, where nobody else has anything to do. */
export class CpuLoad implements Disposable {
  readonly #processes: readonly ChildProcess[];

  constructor(count: number) {
    this.#processes = Array.from({ length: count }, () => {
      const burner = spawn(process.execPath, ['--eval', 'for (;;);'], { stdio: 'ignore' });
      if (burner.pid !== undefined) setPriority(burner.pid, constants.priority.PRIORITY_LOW);
      return burner;
    });
  }

  [Symbol.dispose](): void {
    for (const burner of this.#processes) burner.kill('SIGKILL');
  }
}
