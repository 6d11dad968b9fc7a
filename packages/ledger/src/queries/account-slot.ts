import type { BooksState } from '../books/books-state.ts';
import { uint128ToLanes } from '../columns/lanes.ts';

const lanes = new Uint32Array(4);

/** @returns the slot of the account with an id; -1: there is none */
export function slotOf({ accounts }: BooksState, id: bigint): number {
  uint128ToLanes(id, lanes, 0);
  return accounts.find(lanes, 0);
}
