import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ScenarioName } from '../scenario-name.ts';
import type { Summary } from './summary.ts';

/** What is asked of the process. */
export interface SeedToPlay {
  readonly scenario: ScenarioName;
  readonly seed: number;
  readonly nodes: number;
  /** Of the election scenario: instead of a run drawn from the seed. */
  readonly picture?: string;
  /** Of the election scenario: clocks drift further than is declared. */
  readonly violateDrift?: boolean;
}

/** A run that takes longer will not end. */
const patienceMs = 120_000;

/** Plays seeds in a process of its own, with a canary planted in it when there is one. */
export class SeedPlayer {
  readonly #process: ChildProcess;

  constructor(canary: string | null) {
    const planted = ['--import', new URL('../canaries/plant.ts', import.meta.url).href];
    this.#process = fork(fileURLToPath(new URL('./seed-process.ts', import.meta.url)), {
      execArgv: canary === null ? [] : planted,
      env: { ...process.env, ...(canary === null ? {} : { QUORATE_CANARY: canary }) },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
  }

  /** One at a time. Rejects when the process ends, with what it said; hangs count as failures. */
  play(asked: SeedToPlay): Promise<Summary> {
    const { seed } = asked;
    const child = this.#process;
    let said = '';
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        finish();
        child.kill('SIGKILL');
        resolve(hang(seed));
      }, patienceMs);
      const message = (summary: unknown): void => {
        finish();
        resolve(summary as Summary);
      };
      const heard = (bytes: Uint8Array): void => {
        said = (said + new TextDecoder().decode(bytes)).slice(-4000);
      };
      const ended = (code: number | null): void => {
        finish();
        reject(new Error(`the process that played seed ${seed} ended with ${code}: ${said}`));
      };
      const finish = (): void => {
        clearTimeout(timer);
        child.off('message', message);
        child.off('exit', ended);
        child.stderr?.off('data', heard);
      };
      child.on('message', message);
      child.on('exit', ended);
      child.stderr?.on('data', heard);
      child.send(asked);
    });
  }

  close(): void {
    if (this.#process.connected) this.#process.disconnect();
  }
}

function hang(seed: number): Summary {
  const text = `the run did not end within ${patienceMs / 1000} s`;
  return {
    seed,
    failure: { name: 'hang', text },
    hash: '',
    events: 0,
    virtualMs: 0,
    struck: [],
    writes: 0,
    reads: 0,
    lostDisks: 0,
    recoveredMs: null,
    faults: [],
  };
}
