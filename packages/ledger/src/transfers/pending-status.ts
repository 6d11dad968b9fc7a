/** What became of a pending transfer. */
export const PendingStatus = { none: 0, open: 1, posted: 2, voided: 3, expired: 4 } as const;
export type PendingStatus = (typeof PendingStatus)[keyof typeof PendingStatus];
