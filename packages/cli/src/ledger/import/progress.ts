import { systemClock } from '../../system-time.ts';

/** Between two plain lines. */
const lineMs = 5000;
/** Between two drawings of the bar. */
const drawMs = 100;
const barCells = 24;

export interface ProgressOptions {
  readonly note: (text: string) => void;
  /** null: no terminal. */
  readonly drawLine: ((text: string) => void) | null;
  /** null: unknown. */
  readonly totalBytes: number | null;
  /** Done before this run. */
  readonly fromBytes: number;
  /** What is counted. */
  readonly noun: string;
  readonly nowMs?: () => number;
}

/** Says how far something is, how fast it goes and how long it will take. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #startMs: number;
  readonly #nowMs: () => number;
  #saidMs: number;
  #isDrawn = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => systemClock.monotonicMs());
    this.#startMs = this.#nowMs();
    this.#saidMs = this.#startMs;
  }

  /** Since the beginning. */
  get seconds(): number {
    return (this.#nowMs() - this.#startMs) / 1000;
  }

  /**
   * @param bytes done, with those before this run
   * @param count of events done in this run
   */
  update(bytes: number, count: number): void {
    const nowMs = this.#nowMs();
    const { drawLine, note } = this.#options;
    if (nowMs - this.#saidMs < (drawLine === null ? lineMs : drawMs)) return;
    this.#saidMs = nowMs;
    const text = this.#text(bytes, count);
    if (drawLine === null) return note(text);
    this.#isDrawn = true;
    drawLine(text);
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#isDrawn) this.#options.drawLine?.('');
    this.#isDrawn = false;
  }

  #text(bytes: number, count: number): string {
    const { totalBytes, fromBytes, drawLine, noun } = this.#options;
    const { seconds } = this;
    const rate = `${countText(count)} ${noun}, ${rateText(count, seconds)}`;
    if (totalBytes === null || totalBytes === 0) return rate;
    const part = Math.min(bytes / totalBytes, 1);
    const percent = `${Math.floor(part * 100)} %`;
    const done = bytes - fromBytes;
    const left = done <= 0 ? null : ((totalBytes - bytes) / done) * seconds;
    const rest = left === null ? '' : `, ${durationText(left)} left`;
    if (drawLine === null) return `${percent}: ${rate}${rest}`;
    const full = Math.round(part * barCells);
    const bar = '#'.repeat(full) + '-'.repeat(barCells - full);
    return `[${bar}] ${percent.padStart(5)}  ${rate}${rest}`;
  }
}

/** @returns 1,234,567 */
export function countText(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** @returns events in a second */
export function rateText(count: number, seconds: number): string {
  return `${countText(seconds <= 0 ? 0 : Math.round(count / seconds))}/s`;
}

/** @returns 5 s, 3 min 20 s, 2 h 5 min */
function durationText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
