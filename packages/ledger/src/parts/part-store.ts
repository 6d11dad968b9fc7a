/** Parts of one lane lie in the same files, which are removed as a whole. */
export const PartLane = {
  /** Never replaced: transfers, and what else is history. */
  history: 0,
  /** Accounts: what is written of them again makes the older part useless. */
  accounts: 1,
  /** Ids in sorted runs, which are merged into others. */
  ids: 2,
} as const;
export type PartLane = (typeof PartLane)[keyof typeof PartLane];

/** Where a part lies, and what it has to be. */
export interface PartPlace {
  /** Number of the file; files of all lanes are counted together. */
  readonly file: number;
  /** Bytes from the beginning of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  /** CRC-32 of the bytes. */
  readonly crc: number;
}

/**
 * Bytes that never change, outside of the heap: parts. What is put in can be read at once, and is
 * durable after the next `sync`. A file goes when `retain` no longer names it.
 */
export interface PartStore {
  /** Takes a part in. The store keeps the bytes: nobody changes them. */
  add(lane: PartLane, bytes: Uint8Array): PartPlace;
  /** The next part of the lane begins another file. */
  turn(lane: PartLane): void;
  /**
   * The whole part. Blocks for as long as the disk needs.
   *
   * @returns bytes that nobody changes
   * @throws LedgerError LEDGER_PART_DAMAGED when they are not what was put in
   */
  read(place: PartPlace): Uint8Array;
  /**
   * Some of a part, unchecked: what lies there has to have a checksum of its own. Blocks.
   *
   * @param from bytes from the beginning of the part
   * @throws LedgerError LEDGER_PART_DAMAGED when it cannot be read
   */
  readSome(place: PartPlace, from: number, length: number): Uint8Array;
  /** The CRC-32 that places have. */
  checksum(bytes: Uint8Array): number;
  /** Calls back, perhaps at once, when all that was put in before is durable. */
  sync(done: (error: Error | null) => void): void;
  /** Calls back, perhaps at once, when little waits for the disk; not while that takes nothing. */
  drained(done: () => void): void;
  /** Removes the files that are not in here, now or when they are no longer being read. */
  retain(files: ReadonlySet<number>): void;
  /**
   * Keeps all files that there are now, whatever `retain` says.
   *
   * @returns to be called once, when they are not needed any more
   */
  pin(): () => void;
}
