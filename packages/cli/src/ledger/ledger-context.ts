import type { Output } from '../output.ts';
import type { LedgerConnection } from './ledger-connection.ts';

/** What a ledger command runs with: from the command line, in the shell or in a test. */
export interface LedgerContext {
  readonly connection: LedgerConnection;
  readonly output: Output;
  /** Aborted when the user wants the command to end. */
  readonly signal: AbortSignal;
  /** A line for the person at the terminal, who may see the output elsewhere. */
  readonly note: (text: string) => void;
  /** Of notes: a place in which a line can be drawn over; null: none. */
  readonly drawLine: ((text: string) => void) | null;
  /** Standard input is taken: by the shell, that reads its commands there. */
  readonly isInputTaken: boolean;
}
