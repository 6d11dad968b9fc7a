/** Events in one batch, at most: one batch is one entry of the log. */
export const maxBatchEvents = 8190;

/** The largest number of 128 bits; no id, and no amount of an account, goes beyond it. */
export const maxUint128 = 2n ** 128n - 1n;

/** The largest number of 64 bits. */
export const maxUint64 = 2n ** 64n - 1n;
