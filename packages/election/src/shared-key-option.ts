import { refuse, shown } from './refuse-option.ts';

const keyBytes: readonly number[] = [16, 24, 32];
const fix = 'give 16, 24 or 32 bytes that were drawn at random, or their hex digits';

/**
 * A key shared by all nodes, as bytes. What was given is not shown.
 *
 * @throws ElectionError ELECTION_OPTIONS_INVALID
 */
export function sharedKeyOf(field: string, given: unknown): Uint8Array {
  const bytes = bytesOf(field, given);
  if (!keyBytes.includes(bytes.length)) refuse(field, `has ${bytes.length} bytes`, fix);
  if (bytes.every((byte) => byte === bytes[0])) refuse(field, 'is one byte again and again', fix);
  return bytes;
}

function bytesOf(field: string, given: unknown): Uint8Array {
  if (given instanceof Uint8Array) return Uint8Array.from(given);
  if (typeof given !== 'string') return refuse(field, `is ${shown(given)}`, fix);
  if (given.length % 2 !== 0) refuse(field, `has an odd number of digits, ${given.length}`, fix);
  if (!/^[0-9a-f]*$/i.test(given)) refuse(field, 'has what is no hex digit', fix);
  return Uint8Array.from(Buffer.from(given, 'hex'));
}
