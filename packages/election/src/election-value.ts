import type { ElectionValue } from './election.ts';
import { refuse, shown } from './refuse-option.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @throws ElectionError ELECTION_OPTIONS_INVALID when it is no value; its size is not looked at */
export function bytesOf(field: string, value: ElectionValue): Uint8Array {
  if (typeof value === 'string') return encoder.encode(value);
  if (value instanceof Uint8Array) return value;
  return refuse(field, `is ${shown(value)}`, 'give text, or a Uint8Array');
}

/** What is not UTF-8 becomes U+FFFD. */
export function textOf(value: Uint8Array): string {
  return decoder.decode(value);
}
