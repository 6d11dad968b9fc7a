import type { ClientKeyValue } from '@quorate/client';

/** Writes keys and values as they are: what is stored need not be text. */
export function writeBytes(bytes: Uint8Array): void {
  process.stdout.write(bytes);
  process.stdout.write('\n');
}

/** What is written of what was there before; nothing if there was nothing. */
export function writeKeyValue(keyValue: ClientKeyValue | null): void {
  if (keyValue === null) return;
  writeBytes(keyValue.key);
  writeBytes(keyValue.value);
}

/** 64-bit ids as text. */
export function keyValueToJson(keyValue: ClientKeyValue) {
  return {
    key: bytesToJson(keyValue.key),
    value: bytesToJson(keyValue.value),
    createRevision: keyValue.createRevision,
    modRevision: keyValue.modRevision,
    version: keyValue.version,
    lease: String(keyValue.lease),
  };
}

/** Always base64; `utf8` too when the bytes are valid UTF-8. */
export function bytesToJson(bytes: Uint8Array): { base64: string; utf8?: string } {
  const base64 = Buffer.from(bytes).toString('base64');
  try {
    const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { base64, utf8 };
  } catch {
    return { base64 };
  }
}
