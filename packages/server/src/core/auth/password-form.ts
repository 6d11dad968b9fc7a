import { fromBase64 } from '@quorate/base';

/** What bcrypt looks at; what is longer would be cut off without a word. */
const maxPasswordBytes = 72;

/** More would keep whoever checks it busy for many seconds. */
const maxCost = 16;

const form = /^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function isPasswordTooLong(password: string): boolean {
  return encoder.encode(password).length > maxPasswordBytes;
}

/**
 * @param hashedPassword as clients send it: bcrypt's text in base64
 * @returns bcrypt's text; null: it is none, or of a cost that nobody can afford
 */
export function hashOfClient(hashedPassword: string): string | null {
  const bytes = fromBase64(hashedPassword);
  if (typeof bytes === 'number') return null;
  const hash = decoder.decode(bytes);
  const cost = Number(form.exec(hash)?.[1] ?? 0);
  return cost >= 4 && cost <= maxCost ? hash : null;
}
