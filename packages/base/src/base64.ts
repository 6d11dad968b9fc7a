/** Standard base64 (RFC 4648, 4), padded. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const characters = new TextEncoder().encode(alphabet);
const padding = 61;
const values = new Uint8Array(256).fill(255);
for (const [value, character] of characters.entries()) values[character] = value;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @returns standard base64 with its padding */
export function toBase64(bytes: Uint8Array): string {
  const out = new Uint8Array(4 * Math.ceil(bytes.length / 3));
  let to = 0;
  for (let from = 0; from < bytes.length; from += 3) {
    const left = bytes.length - from;
    const group =
      ((bytes[from] as number) << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0);
    out[to++] = characters[group >> 18] as number;
    out[to++] = characters[(group >> 12) & 63] as number;
    out[to++] = left > 1 ? (characters[(group >> 6) & 63] as number) : padding;
    out[to++] = left > 2 ? (characters[group & 63] as number) : padding;
  }
  return decoder.decode(out);
}

/**
 * Strict: padding is wanted, and nothing but the alphabet is taken.
 *
 * @returns the bytes, or the position of the first character that cannot stand where it does
 */
export function fromBase64(text: string): Uint8Array | number {
  const from = encoder.encode(text);
  let digits = from.length;
  while (digits > from.length - 2 && from[digits - 1] === padding) digits -= 1;
  for (let at = 0; at < digits; at++) if (values[from[at] as number] === 255) return at;
  if (from.length % 4 !== 0) return from.length;
  const out = new Uint8Array(Math.floor((digits * 3) / 4));
  let to = 0;
  for (let at = 0; at < digits; at += 4) {
    const digit = (offset: number): number =>
      at + offset < digits ? (values[from[at + offset] as number] as number) : 0;
    const group = (digit(0) << 18) | (digit(1) << 12) | (digit(2) << 6) | digit(3);
    if (to < out.length) out[to++] = group >> 16;
    if (to < out.length) out[to++] = group >> 8;
    if (to < out.length) out[to++] = group;
  }
  return out;
}
