import type { NewAccount, NewTransfer } from '@quorate/ledger';

/** A batch as a client put it together; how it names its accounts is the client's way, by id. */
export type SentBatch = BatchEvents & {
  /** No other batch's; in the log the batch is known by it. */
  readonly key: string;
  readonly bytes: Uint8Array;
  /** How often it was handed on, and how often with the answer that nothing came of it. */
  attempts: number;
  refusals: number;
};

/** What is asked for. */
export type BatchEvents =
  | { readonly kind: 'accounts'; readonly events: readonly NewAccount[] }
  | { readonly kind: 'transfers'; readonly events: readonly NewTransfer[] };
