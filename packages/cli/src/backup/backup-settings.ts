import type { Retention } from '@quorate/server';

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const longestMs = 366 * 86_400_000;

/** @returns milliseconds; null when the text is no length of time */
export function readInterval(text: string): number | null {
  const [, amount = '', unit = ''] = /^(\d{1,7})([smhd])$/.exec(text) ?? [];
  const ms = Number(amount) * (units[unit] ?? 0);
  return ms > 0 && ms <= longestMs ? ms : null;
}

/** @returns null when the text is neither a number of backups nor a length of time */
export function readRetention(text: string): Retention | null {
  if (/^[1-9]\d{0,5}$/.test(text)) return { kind: 'count', count: Number(text) };
  const ageMs = readInterval(text);
  return ageMs === null ? null : { kind: 'age', ageMs };
}

/** What serve's settings say of backups, checked. */
export interface BackupSettings {
  readonly intervalMs: number;
  readonly target: string;
  readonly retain: Retention | null;
  readonly s3Endpoint: string | null;
}
