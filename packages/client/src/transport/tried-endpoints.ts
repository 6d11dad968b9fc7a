import { ClientError } from '../client-error.ts';
import type { TransportEndpoint } from './transport.ts';

/** @returns their addresses, each with why there was no connection, where that is known */
export function triedText(tried: readonly TransportEndpoint[]): string {
  const places = tried.map(({ address, failure }) =>
    failure === undefined || failure === null ? address : `${address} (${failure})`,
  );
  return places.join(', ');
}

/** Nothing was sent to any of them. */
export function unreachable(tried: readonly TransportEndpoint[]): ClientError {
  const message =
    `no server could be reached at ${triedText(tried)}: ` +
    'check that the cluster runs and that the endpoints are its client addresses';
  const endpoints = tried.map(({ address }) => address);
  return new ClientError('CLIENT_UNREACHABLE', message, { endpoints });
}
