import colours from 'picocolors';

/** A node's log line for a person: time of day, message, fields. Anything else is left as it is. */
export function describeLogLine(line: string): string {
  const record = parseRecord(line);
  if (record === null) return line;
  const { level, time, msg, ...fields } = record;
  const event = msg ?? fields['event'];
  if (typeof event !== 'string') return line;
  if (msg === undefined) delete fields['event'];
  const clock = typeof time === 'string' ? time.slice(11, 23) : '';
  const isBad = level === 'warn' || level === 'error';
  const words = Object.entries(fields).map(([key, value]) => colours.dim(`${key}=${plain(value)}`));
  return [clock, isBad ? colours.yellow(event) : event, ...words].filter(Boolean).join(' ');
}

function parseRecord(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value);
  } catch {
    // Lists in lists by the thousand are read without recursion, and written with it.
    return '...';
  }
}
