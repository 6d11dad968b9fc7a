import { readFileSync } from 'node:fs';
import type { EventType, HistoryEvent } from './history-event.ts';

const types: ReadonlySet<string> = new Set<EventType>(['invoke', 'ok', 'fail', 'info']);

/** @throws Error naming the file and the line that is no event */
export function readHistory(path: string): HistoryEvent[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.flatMap((line, at) => {
    if (line === '') return [];
    const event = parseEvent(line);
    if (event === null) throw new Error(`${path}:${at + 1} is no event of a history`);
    return [event];
  });
}

function parseEvent(line: string): HistoryEvent | null {
  let event: HistoryEvent;
  try {
    event = JSON.parse(line);
  } catch {
    return null;
  }
  const { process, type, f, key, value, time } = event ?? {};
  const isProcess = process === 'nemesis' || Number.isSafeInteger(process);
  const isKey = key === null || typeof key === 'string';
  const isTold = types.has(type) && typeof f === 'string' && value !== undefined;
  return isProcess && isKey && isTold && Number.isSafeInteger(time) ? event : null;
}
