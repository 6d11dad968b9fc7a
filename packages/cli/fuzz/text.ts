const encoder = new TextEncoder();

export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** As a file or a pipe is read: what is no UTF-8 becomes a replacement character. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export function wordsOf(...words: readonly string[]): readonly Uint8Array[] {
  return words.map(bytesOf);
}
