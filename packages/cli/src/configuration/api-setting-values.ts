/** What `--auto-compaction-retention` says; which of the two counts, the mode decides. */
export interface HistoryRetention {
  /** A bare number: of revisions, or of hours. */
  readonly number: number | null;
  readonly ms: number | null;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const durationForm = /^(?:\d{1,9}(?:\.\d{1,6})?(?:ms|s|m|h)){1,4}$/;
const partForm = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;
const example = 'give one such as 10m, 1h30m or 300s';

/** @returns whole milliseconds, of a duration as etcd's flags have it, or what is wrong */
function parseDuration(text: string): { value: number } | string {
  if (text === '0') return { value: 0 };
  if (!durationForm.test(text)) return `${JSON.stringify(text)} is no duration; ${example}`;
  let ms = 0;
  for (const [, number, unit] of text.matchAll(partForm)) {
    ms += Number(number) * (unitMs[unit ?? ''] ?? 0);
  }
  return { value: Math.round(ms) };
}

/** As `parseDuration`, or a bare number. */
export function parseHistoryRetention(text: string): { value: HistoryRetention } | string {
  if (/^\d{1,15}$/.test(text)) return { value: { number: Number(text), ms: null } };
  const duration = parseDuration(text);
  if (typeof duration !== 'string') return { value: { number: null, ms: duration.value } };
  const fix = 'give a number of revisions or of hours, or a duration such as 30m';
  return `${JSON.stringify(text)} says no retention; ${fix}`;
}

const leastIntervalMs = 100;
const longestIntervalMs = 24 * 3_600_000;

/** As `parseDuration`, from 100 ms to a day. */
export function parseProgressInterval(text: string): { value: number } | string {
  const duration = parseDuration(text);
  if (typeof duration === 'string') return duration;
  if (duration.value >= leastIntervalMs && duration.value <= longestIntervalMs) return duration;
  return `${text} is out of range; give 100ms to 24h`;
}
