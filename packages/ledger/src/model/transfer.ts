/**
 * What a client says of a transfer. A post or a void names the pending transfer; its accounts,
 * ledger, code and amount may then be 0 (taken from the pending one) or have to be the same.
 */
export interface NewTransfer {
  /** 128 bits; neither 0 nor 2^128 - 1. Used once, also when the transfer fails. */
  readonly id: bigint;
  readonly debitAccountId: bigint;
  readonly creditAccountId: bigint;
  /** In units of the ledger, 128 bits. 0 only in a post or a void, for all that is pending. */
  readonly amount: bigint;
  /** The pending transfer that is posted or voided; 0 or left out elsewhere. */
  readonly pendingId?: bigint;
  readonly userData128?: bigint;
  readonly userData64?: bigint;
  readonly userData32?: number;
  /** Seconds after which a pending transfer expires, 32 bits; 0 or left out: never. */
  readonly timeout?: number;
  readonly ledger: number;
  readonly code: number;
  /** Of `TransferFlag`. 0 when left out. */
  readonly flags?: number;
}

/** A transfer as it was carried out; it never changes. */
export interface Transfer {
  readonly id: bigint;
  readonly debitAccountId: bigint;
  readonly creditAccountId: bigint;
  /** What was moved or reserved; of a balancing transfer what it came to. */
  readonly amount: bigint;
  readonly pendingId: bigint;
  readonly userData128: bigint;
  readonly userData64: bigint;
  readonly userData32: number;
  readonly timeout: number;
  readonly ledger: number;
  readonly code: number;
  readonly flags: number;
  /** When it was carried out, in nanoseconds since the Unix epoch; different for each event. */
  readonly timestamp: bigint;
}

/** The bits of a transfer's flags. */
export const TransferFlag = {
  /** The next event of the batch stands or falls with this one. */
  linked: 1,
  /** Reserves the amount until it is posted, voided or expires. */
  pending: 2,
  /** Moves what a pending transfer has reserved, or a part of it, and gives back the rest. */
  postPendingTransfer: 4,
  /** Gives back what a pending transfer has reserved. */
  voidPendingTransfer: 8,
  /** At most `amount`, and no more than the debit account can give. */
  balancingDebit: 16,
  /** At most `amount`, and no more than the credit account can take. */
  balancingCredit: 32,
  /** Closes the debit account, until this pending transfer is voided or expires. */
  closingDebit: 64,
  /** Closes the credit account, until this pending transfer is voided or expires. */
  closingCredit: 128,
} as const;

/** All bits that mean something. */
export const knownTransferFlags = 255;
