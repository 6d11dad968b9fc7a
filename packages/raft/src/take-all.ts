/**
 * Nothing to hand over; shared, since most turns have nothing to say in most of their lists. Not
 * frozen: a loop over lists of which some are frozen is several times slower.
 */
export const nothing: readonly never[] = [];

/** Hands over what a list has gathered and leaves it empty. */
export function takeAll<T>(gathered: T[]): readonly T[] {
  return gathered.length === 0 ? nothing : gathered.splice(0);
}
