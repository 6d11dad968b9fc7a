import { ClientError } from '../client-error.ts';

const pattern = /^(?:(https?):\/\/)?(\[[0-9a-fA-F:.]+\]|[^:/?#@\s[\]]+):(\d{1,5})\/?$/;

/** What stands before the address of an endpoint that is reached by TLS. */
export const securePrefix = 'https://';

/**
 * @param endpoint `host:port`, `http://host:port` or `https://host:port`; an IPv6 address in
 *   brackets
 * @param isSecure TLS was asked for: it is what an endpoint without a scheme is reached by, and one
 *   with `http` is refused, so that no password leaves in the open by mistake
 * @returns `host:port`, or `https://host:port` for TLS
 * @throws ClientError CLIENT_ENDPOINT_INVALID
 */
export function parseEndpoint(endpoint: string, isSecure: boolean): string {
  const [, scheme, host, port] = pattern.exec(endpoint) ?? [];
  const number = Number(port);
  const isAddress = host !== undefined && number >= 1 && number <= 65_535;
  if (isAddress && !(isSecure && scheme === 'http')) {
    const isTls = scheme === 'https' || (scheme === undefined && isSecure);
    return `${isTls ? securePrefix : ''}${host}:${number}`;
  }
  const quoted = JSON.stringify(endpoint);
  const message = isAddress
    ? `endpoint ${quoted} is not encrypted, but TLS was asked for: write https://`
    : `endpoint ${quoted} is no address: write host:port, or https://host:port`;
  throw new ClientError('CLIENT_ENDPOINT_INVALID', message, { endpoint });
}
