/** Transfers in a chunk; the position of a transfer says its chunk and its row there. */
export const chunkRows = 65_536;

/** The columns of a chunk that hold one number a row. */
export const NumberColumn = {
  debitSlot: 0,
  creditSlot: 1,
  /** NaN where it is 2^53 or more: then `wideAmount` has it. */
  amount: 2,
  /** How many positions further back the debit account's transfer before this one is; 0: none. */
  debitLink: 3,
  creditLink: 4,
  ledger: 5,
  code: 6,
  flags: 7,
  timeout: 8,
  userData32: 9,
} as const;
export type NumberColumn = (typeof NumberColumn)[keyof typeof NumberColumn];

/** The columns that hold several lanes of 32 bits a row, low lane first. */
export const LaneColumn = { id: 0, pendingId: 1, userData128: 2, userData64: 3 } as const;
export type LaneColumn = (typeof LaneColumn)[keyof typeof LaneColumn];

/** Lanes of each `LaneColumn`. */
export const laneCounts = [4, 4, 4, 2] as const;

/** Up to `chunkRows` transfers, to be read one by one. */
export interface TransferChunk {
  readonly count: number;
  number(column: NumberColumn, row: number): number;
  lane(column: LaneColumn, row: number, lane: number): number;
  wideAmount(row: number): bigint;
  /** Nanoseconds since the Unix epoch. */
  timestamp(row: number): bigint;
}

/** A link that is too long for 32 bits: `FarLinks` knows it. */
export const farLink = 0xffffffff;
