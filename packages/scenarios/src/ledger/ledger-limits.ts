import type { BooksLimits } from '@quorate/ledger';

/** Small, so that much gets to the disk, and has to be read again. */
export const ledgerLimits: BooksLimits = {
  idsInMemory: 64,
  transfersPerChunk: 48,
  accountFileBytes: 4096,
  loadedBytes: 4096,
};
