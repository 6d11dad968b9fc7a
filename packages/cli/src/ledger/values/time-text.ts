import { parseWide } from './number-text.ts';
import { shown, ValueProblem } from './value-problem.ts';

const nanosPerSecond = 1_000_000_000n;
const written = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?Z)?$/;

/**
 * @param text nanoseconds since the Unix epoch, or a date or time in UTC: `2026-11-23`,
 *   `2026-11-23T09:30Z`, `2026-11-23T09:30:00.123456789Z`
 * @returns nanoseconds since the Unix epoch
 * @throws ValueProblem
 */
export function parseTime(text: string): bigint {
  if (/^\d+$/.test(text)) return parseWide(text, 64);
  const [, date, time = '00:00', fraction = ''] = written.exec(text) ?? [];
  const seconds = time.length === 5 ? `${time}:00` : time;
  const milliseconds = Date.parse(`${date}T${seconds}Z`);
  if (date === undefined || Number.isNaN(milliseconds) || milliseconds < 0) {
    const fix = 'write 2026-11-23, 2026-11-23T09:30:00Z, or nanoseconds since 1970';
    throw new ValueProblem(`${shown(text)} is no time; ${fix}`);
  }
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** @returns the time in UTC, with nanoseconds */
export function timeText(nanoseconds: bigint): string {
  const milliseconds = Number((nanoseconds / nanosPerSecond) * 1000n);
  const fraction = String(nanoseconds % nanosPerSecond).padStart(9, '0');
  return `${new Date(milliseconds).toISOString().slice(0, 19)}.${fraction}Z`;
}
