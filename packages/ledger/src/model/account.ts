/**
 * What a client says of an account that it opens. Ids and user data are unsigned; `ledger` names
 * what is counted (a currency, in its smallest unit), `code` what the account is for.
 */
export interface NewAccount {
  /** 128 bits; neither 0 nor 2^128 - 1. The client's own, and what makes a retry harmless. */
  readonly id: bigint;
  /** 128, 64 and 32 bits, the client's own; 0 when left out. */
  readonly userData128?: bigint;
  readonly userData64?: bigint;
  readonly userData32?: number;
  /** 32 bits, not 0. Transfers go between accounts of one ledger. */
  readonly ledger: number;
  /** 16 bits, not 0. */
  readonly code: number;
  /** Of `AccountFlag`. 0 when left out. */
  readonly flags?: number;
}

/** An account at one moment. Balances only grow; what an account is worth is a difference. */
export interface Account {
  readonly id: bigint;
  /** Reserved by transfers that are neither posted nor voided. In units of the ledger, 128 bits. */
  readonly debitsPending: bigint;
  readonly debitsPosted: bigint;
  readonly creditsPending: bigint;
  readonly creditsPosted: bigint;
  readonly userData128: bigint;
  readonly userData64: bigint;
  readonly userData32: number;
  readonly ledger: number;
  readonly code: number;
  /** Of `AccountFlag`. */
  readonly flags: number;
  /** When it was opened, in nanoseconds since the Unix epoch; different for each event. */
  readonly timestamp: bigint;
}

/** The bits of an account's flags. */
export const AccountFlag = {
  /** The next event of the batch stands or falls with this one. Not kept. */
  linked: 1,
  /** Pending and posted debits never exceed posted credits. */
  debitsMustNotExceedCredits: 2,
  /** Pending and posted credits never exceed posted debits. Not together with the other. */
  creditsMustNotExceedDebits: 4,
  /** Its balances after each transfer are kept, and can be asked for. */
  history: 8,
  /** Takes no transfers but the void of a pending one. */
  closed: 32,
} as const;

/** All bits that mean something. */
export const knownAccountFlags = 1 | 2 | 4 | 8 | 32;

/** The balances of an account with `history` after one transfer. */
export interface AccountBalance {
  readonly debitsPending: bigint;
  readonly debitsPosted: bigint;
  readonly creditsPending: bigint;
  readonly creditsPosted: bigint;
  /** Of the transfer, or of the moment at which a pending one expired. */
  readonly timestamp: bigint;
}
