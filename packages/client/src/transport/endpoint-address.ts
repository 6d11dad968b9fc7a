import { ClientError } from '../client-error.ts';

const pattern = /^(?:http:\/\/)?(\[[0-9a-fA-F:.]+\]|[^:/?#@\s[\]]+):(\d{1,5})\/?$/;

/**
 * @param endpoint `host:port` or `http://host:port`; an IPv6 address in brackets
 * @returns `host:port`
 * @throws ClientError CLIENT_ENDPOINT_INVALID
 */
export function parseEndpoint(endpoint: string): string {
  const [, host, port] = pattern.exec(endpoint) ?? [];
  const number = Number(port);
  if (host !== undefined && number >= 1 && number <= 65_535) return `${host}:${number}`;
  const hint = endpoint.startsWith('https://') ? 'TLS is not supported' : 'write host:port';
  const message = `endpoint ${JSON.stringify(endpoint)} is no address: ${hint}`;
  throw new ClientError('CLIENT_ENDPOINT_INVALID', message, { endpoint });
}
