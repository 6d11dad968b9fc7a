import type { BooksState } from '../books/books-state.ts';
import { writeUint128 } from '../numbers/uint128.ts';

const lanes = new Uint32Array(4);

/** @returns the slot of the account with an id; -1: there is none */
export function slotOf({ accounts }: BooksState, id: bigint): number {
  writeUint128(lanes, 0, id);
  return accounts.find(lanes, 0);
}
