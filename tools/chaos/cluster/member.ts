import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../run/run-command.ts';
import type { Volume } from './volume.ts';

const programPath = join(ROOT, 'packages/cli/src/bin.ts');
const alteredMachine = fileURLToPath(new URL('altered-machine.ts', import.meta.url));
/** A member has 2 s to close, and this machine may be busy. */
const stopLimitMs = 15_000;
const keptLogBytes = 4000;
const lookAgainMs = 100;
const readyLine = /"event":"ready".*"memberId":"([0-9a-f]+)"/;

/** How a member's machine looks to it. */
export interface Machine {
  readonly wallOffsetMs: number;
  readonly clockRate: number;
  readonly syncDelayMs: number;
}

export const usualMachine: Machine = { wallOffsetMs: 0, clockRate: 1, syncDelayMs: 0 };

export interface MemberPorts {
  readonly clientPort: number;
  readonly peerPort: number;
}

export interface MemberOptions {
  readonly name: string;
  readonly volume: Volume;
  /** Where its log and its machine's file are. */
  readonly directory: string;
  /** The flags of `quorate serve`. */
  readonly flags: readonly string[];
  /** It joins a cluster that is there; supervised members do not. */
  readonly joins: boolean;
  /** Where clients of ours reach it. */
  readonly endpoint: string;
  /** It ended, and nobody had asked for that. */
  readonly endedByItself: (member: Member, how: string) => void;
}

/** One member: a process of `quorate serve` that comes and goes, with a disk that stays. */
export class Member {
  readonly name: string;
  readonly volume: Volume;
  readonly endpoint: string;
  /** As it says when it is ready; empty before. */
  memberId = '';
  /** Who leads, as it has heard. */
  leader: { readonly id: string | null; readonly term: number } = { id: null, term: 0 };
  isReady = false;
  /** It is to be started no more. */
  isGone = false;
  readonly #options: MemberOptions;
  #child: ChildProcess | null = null;
  /** Until then its end is somebody's wish. */
  #isEnding = false;

  constructor(options: MemberOptions) {
    this.#options = options;
    this.name = options.name;
    this.volume = options.volume;
    this.endpoint = options.endpoint;
    this.setMachine(usualMachine);
  }

  get processId(): number | null {
    return this.#child?.pid ?? null;
  }

  get isRunning(): boolean {
    return this.#child !== null;
  }

  setMachine(machine: Machine): void {
    writeFileSync(this.#machinePath, JSON.stringify(machine));
  }

  /** Starts it; that it serves shows in `isReady`. */
  start(): void {
    if (this.#child !== null || this.isGone) return;
    const isSupervised = !this.#options.joins || this.memberId !== '';
    const from = this.#logLength();
    const log = openSync(this.logPath, 'a');
    const words = ['--import', alteredMachine, programPath, 'serve', ...this.#options.flags];
    if (isSupervised) words.push('--supervised');
    const child = spawn(process.execPath, words, {
      // A session of its own: Ctrl-C in the terminal is for the run alone.
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...cleanEnvironment(), CHAOS_MACHINE: this.#machinePath },
    });
    closeSync(log);
    this.#child = child;
    this.#isEnding = false;
    this.isReady = false;
    child.on('message', (message) => this.#told(message));
    if (!isSupervised) this.#awaitReadyLine(child, from);
    child.on('error', () => undefined);
    child.once('close', (code, signal) => {
      if (this.#child !== child) return;
      this.#child = null;
      this.isReady = false;
      if (!this.#isEnding) this.#options.endedByItself(this, signal ?? `exit ${code}`);
    });
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  /** As by a power cut of the process alone: what the kernel has stays. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#isEnding = true;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  /** @returns false when it had to be killed */
  async stop(): Promise<boolean> {
    const child = this.#child;
    if (child === null) return true;
    this.#isEnding = true;
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    let isPrompt = true;
    const limit = setTimeout(() => {
      isPrompt = false;
      child.kill('SIGKILL');
    }, stopLimitMs);
    await closed;
    clearTimeout(limit);
    return isPrompt;
  }

  /** At once, from the end of this process. */
  killNow(): void {
    this.#isEnding = true;
    this.#child?.kill('SIGKILL');
  }

  get logPath(): string {
    return join(this.#options.directory, `${this.name}.log`);
  }

  /** The end of what it has written. */
  lastWords(): string {
    try {
      return readFileSync(this.logPath, 'utf8').slice(-keptLogBytes);
    } catch {
      return '';
    }
  }

  get #machinePath(): string {
    return join(this.#options.directory, `${this.name}.machine.json`);
  }

  #logLength(): number {
    try {
      return statSync(this.logPath).size;
    } catch {
      return 0;
    }
  }

  /** One that is not supervised says only in its log that it serves. */
  #awaitReadyLine(child: ChildProcess, from: number): void {
    const timer = setInterval(() => {
      const found = readyLine.exec(readFileSync(this.logPath).subarray(from).toString('utf8'));
      if (found !== null && this.#child === child) {
        this.memberId = found[1] ?? '';
        this.isReady = true;
      }
      if (found !== null || this.#child !== child) clearInterval(timer);
    }, lookAgainMs);
  }

  #told(message: unknown): void {
    if (typeof message !== 'object' || message === null || !('kind' in message)) return;
    const fields: Readonly<Record<string, unknown>> = { ...message };
    if (fields['kind'] === 'ready') {
      this.memberId = String(fields['memberId']);
      this.isReady = true;
    }
    if (fields['kind'] !== 'leader') return;
    const { leader, term } = fields;
    this.leader = { id: typeof leader === 'string' ? leader : null, term: Number(term) };
  }
}

/** Nothing that configures a member by accident. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(QUORATE_|npm_|NODE_)/.test(name)),
  );
}
