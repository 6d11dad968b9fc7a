import {
  type AccountChunk,
  chunkMask,
  chunkShift,
  detailsPerAccount,
  timestampDetail,
} from '../accounts/account-chunk.ts';
import type { AccountStore } from '../accounts/account-store.ts';

/** @returns when the account of a slot was opened, in nanoseconds since the Unix epoch */
export function accountTimestamp({ chunks }: AccountStore, slot: number): bigint {
  const { details } = chunks[slot >>> chunkShift] as AccountChunk;
  const at = (slot & chunkMask) * detailsPerAccount + timestampDetail;
  return BigInt(details[at] as number) | (BigInt(details[at + 1] as number) << 32n);
}
