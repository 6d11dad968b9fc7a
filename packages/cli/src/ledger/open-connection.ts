import type { LedgerClientOptions } from '@quorate/client';
import { codeOf } from '../cli-error.ts';
import {
  type ClientFlags,
  chooseEndpoints,
  chooseTls,
  requestError,
} from '../commands/endpoints.ts';
import { ledgerEndpointsVariable } from '../configuration/environment.ts';
import type { LedgerConnection } from './ledger-connection.ts';
import { ledgerClientPort } from './ledger-settings.ts';

/** Where a ledger listens, when nothing else is said. */
const localLedger = `127.0.0.1:${ledgerClientPort}`;

/** How long it is asked why nobody could be reached. */
const reasonTimeoutMs = 2000;

/** @throws CliError CLI_CONFIG_INVALID */
export function chooseLedgers(flag: string | undefined): string[] {
  return chooseEndpoints(flag, ledgerEndpointsVariable, localLedger);
}

/** Connects to a ledger for the length of `use`, and says failures as this program says them. */
export async function withLedger<Result>(
  flags: ClientFlags,
  use: (connection: LedgerConnection) => Promise<Result>,
): Promise<Result> {
  const endpoints = chooseLedgers(flags.endpoints);
  const tls = chooseTls(flags);
  const { timeoutMs } = flags;
  const where = { endpoints, ...(tls === null ? {} : { tls }) };
  // Here, not at the top: help has no use for it.
  const { connectLedger } = await import('@quorate/client');
  try {
    const connection = connectLedger({
      ...where,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    try {
      return await use(connection);
    } finally {
      await connection.close();
    }
  } catch (error) {
    throw requestError(
      codeOf(error) === 'CLIENT_UNREACHABLE' ? await reasonOf(error, where) : error,
    );
  }
}

/** Who waits with a batch tries all servers over and over; one question tells what is wrong. */
async function reasonOf(error: unknown, where: LedgerClientOptions): Promise<unknown> {
  const { connectLedger } = await import('@quorate/client');
  const asking = connectLedger({ ...where, timeoutMs: reasonTimeoutMs });
  try {
    await asking.status();
    return error;
  } catch (reason) {
    return reason;
  } finally {
    await asking.close();
  }
}
