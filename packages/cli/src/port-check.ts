import { createServer } from 'node:net';
import type { Address } from '@quorate/base';
import { formatAddress } from '@quorate/base';
import { CliError, codeOf, messageOf } from './cli-error.ts';

export interface WantedAddress extends Address {
  /** The option the user would change. */
  readonly option: string;
}

/**
 * Binds each address for a moment, so that a port in use is one clear sentence before anything has
 * been started.
 *
 * @throws CliError CLI_PORT_IN_USE or CLI_ADDRESS_UNUSABLE
 */
export async function checkAddresses(wanted: readonly WantedAddress[]): Promise<void> {
  for (const address of wanted) {
    const error = await tryToBind(address);
    if (error !== null) throw bindError(address, error);
  }
}

function tryToBind({ host, port }: Address): Promise<Error | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

function bindError(wanted: WantedAddress, error: Error): CliError {
  const { port, option } = wanted;
  const address = formatAddress(wanted);
  if (codeOf(error) === 'EADDRINUSE') {
    return new CliError(
      'CLI_PORT_IN_USE',
      `port ${port} is in use (${address}); stop what listens there, ` +
        `or choose another with ${option}`,
      { port, option },
      { cause: error },
    );
  }
  return new CliError(
    'CLI_ADDRESS_UNUSABLE',
    `cannot listen on ${address}: ${messageOf(error)}; choose another with ${option}`,
    { address, option },
    { cause: error },
  );
}
