/** A key as it is kept: `length` bytes of `bytes`, from `offset` on. */
export interface StoredKey {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly length: number;
}

/** As `compareBytes`. */
export function compareStored({ bytes, offset, length }: StoredKey, key: Uint8Array): number {
  const end = Math.min(length, key.length);
  for (let i = 0; i < end; i++) {
    const difference = (bytes[offset + i] as number) - (key[i] as number);
    if (difference !== 0) return difference;
  }
  return length - key.length;
}

export function isStored(stored: StoredKey, key: Uint8Array): boolean {
  return stored.length === key.length && compareStored(stored, key) === 0;
}
