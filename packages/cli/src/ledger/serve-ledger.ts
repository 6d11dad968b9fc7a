import { type NodeOptions, runNode } from '../commands/run-node.ts';
import { serverOptions } from '../commands/serve.ts';
import type { Output } from '../output.ts';
import { ledgerSettings } from './ledger-settings.ts';

/** Runs one node of a ledger until it is told to stop. */
export async function serveLedger(options: NodeOptions, output: Output): Promise<number> {
  return runNode(
    {
      settings: ledgerSettings,
      offer: 'a ledger',
      async start(configuration, { onHalt, onRemoved }) {
        // Here, not at the top: the other commands start faster without the server.
        const { startLedgerServer } = await import('@quorate/server');
        const { maxConnections } = configuration.api.api;
        return startLedgerServer({
          // What concerns only the coordination service is as usual there, and not looked at.
          ...serverOptions(configuration, onHalt),
          onRemoved,
          ...(maxConnections === undefined ? {} : { maxConnections }),
        });
      },
    },
    options,
    output,
  );
}
