import type { BooksLimits } from '@quorate/ledger';

/** Small, so that much gets to the disk. */
export const ledgerLimits: BooksLimits = {
  idsInMemory: 64,
  transfersPerChunk: 48,
  accountFileBytes: 4096,
};
