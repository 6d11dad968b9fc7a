import {
  type ClientFlags,
  chooseEndpoints,
  chooseTls,
  requestError,
} from '../commands/endpoints.ts';
import { ledgerEndpointsVariable } from '../configuration/environment.ts';
import type { LedgerConnection } from './ledger-connection.ts';

/** Where a ledger listens, when nothing else is said. */
const localLedger = '127.0.0.1:2579';

/** Connects to a ledger for the length of `use`, and says failures as this program says them. */
export async function withLedger<Result>(
  flags: ClientFlags,
  use: (connection: LedgerConnection) => Promise<Result>,
): Promise<Result> {
  const endpoints = chooseEndpoints(flags.endpoints, ledgerEndpointsVariable, localLedger);
  const tls = chooseTls(flags);
  const { timeoutMs } = flags;
  // Here, not at the top: help has no use for it.
  const { connectLedger } = await import('@quorate/client');
  try {
    const connection = connectLedger({
      endpoints,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(tls === null ? {} : { tls }),
    });
    try {
      return await use(connection);
    } finally {
      await connection.close();
    }
  } catch (error) {
    throw requestError(error);
  }
}
