import type { Command } from 'commander';
import { addLedgerFiles } from './ledger-files.ts';
import type { LedgerHost } from './ledger-host.ts';
import { addLedgerReads } from './ledger-reads.ts';
import { addLedgerWrites } from './ledger-writes.ts';

/** The commands that the command line and the shell share. */
export function addLedgerCommands(ledger: Command, host: LedgerHost): void {
  addLedgerWrites(ledger, host);
  addLedgerReads(ledger, host);
  addLedgerFiles(ledger, host);
}
